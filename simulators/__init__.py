"""Virtual devices on real wires, and the scenarios they play."""
