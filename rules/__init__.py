"""The decisions. Pure: no I/O, no clock, no threads, no logging."""
