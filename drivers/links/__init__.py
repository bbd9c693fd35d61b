"""The wires: each link owns one connection and hands what it hears to its drivers."""
