"""The API on a Unix socket, and what it says."""
