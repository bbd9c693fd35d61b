"""What people type and see in a terminal."""
