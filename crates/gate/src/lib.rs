/*! The one gate: detect, decide, record, carry out. */
