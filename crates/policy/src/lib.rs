/*! Reads policies strictly and decides by them. */
