"""History export: the journal, carried to time-series databases by a process of its own for each of them."""
