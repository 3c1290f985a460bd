/*! Reads a command line by the command's own option table. */
