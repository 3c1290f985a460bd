/*! Where datafog lives, what its settings say, and the world it was started in. */
