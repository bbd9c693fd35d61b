"""Settings of the log output."""

from typing import Literal

from drivers.settings import Settings


class LogOutputSettings(Settings):
    """`language` of zone and device names in the lines."""

    language: Literal["en", "zh"] = "en"
