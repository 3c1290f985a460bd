/*! Recognises secrets and personal data in bytes, in one pass over static tables. */
