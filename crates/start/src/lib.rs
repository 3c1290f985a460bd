/*! What a process must know before its first line runs. */
