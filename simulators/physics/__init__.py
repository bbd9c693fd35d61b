"""What air, fire, fog and mains do. Pure: values and time in, values out; every random number from a given seed."""
