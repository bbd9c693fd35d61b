"""Virtual devices, each speaking as the real one does."""
