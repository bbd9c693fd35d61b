"""Settings of the Tasmota dialect."""

from typing import Annotated

from pydantic import AfterValidator

from drivers.settings import Settings


def _full_topic(pattern: str) -> str:
    levels = pattern.strip("/").split("/")
    if (
        levels.count("%prefix%") != 1
        or levels.count("%topic%") != 1
        or any(set("+#\0") & set(level) for level in levels)
    ):
        raise ValueError(
            f"{pattern!r} must have %prefix% and %topic% once each, as whole levels, and no + or #; "
            "copy it from the device's MQTT page, usually %prefix%/%topic%/"
        )
    return "/".join(levels)


class TasmotaSettings(Settings):
    """`full_topic` is Tasmota's FullTopic: in which order its prefix (tele, stat) and the device's own topic stand.

    Devices named in `ignore` are known not to matter here.
    """

    full_topic: Annotated[str, AfterValidator(_full_topic)] = "%prefix%/%topic%"
    ignore: frozenset[str] = frozenset()
