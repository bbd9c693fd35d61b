"""What can be said of rules without waiting for a fire: what can ever be true, what leads to red, and how soon."""
