"""The process: pump, journal, outbox, supervision, API on a Unix socket, command line."""
