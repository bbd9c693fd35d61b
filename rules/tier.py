"""The four warning tiers (Emergency Response Law of China, 2024, art. 63: red, the first level, is highest)."""

from enum import IntEnum


class Tier(IntEnum):
    """Ordered so that the worst tier of several is their maximum. NONE is the absence of a warning."""

    NONE = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def word(self) -> str:
        """The name in rule files and messages, e.g. "orange"."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> "Tier":
        """Raises KeyError for a word that names no tier."""
        return cls[word.upper()]
