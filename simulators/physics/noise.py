"""Repeatable noise: each device and each floor has its own, named source."""

import random


def noise(seed: int, name: str) -> random.Random:
    """The same seed and name give the same numbers in every run."""
    return random.Random(f"{seed}/{name}")
