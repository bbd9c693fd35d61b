"""What still has to be told, and to whom."""
