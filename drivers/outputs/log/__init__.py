"""Decisions told to the log, one line each."""
