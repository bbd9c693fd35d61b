"""Which serial settings are refused, and with what words."""

import pytest
from pydantic import ValidationError

from drivers.links.serial_settings import SerialSettings


def test_defaults_are_those_of_a_ups() -> None:
    """2400 baud, DTR on, RTS off."""
    settings = SerialSettings(path="/dev/serial/by-id/usb-x")
    assert (settings.baud, settings.dtr, settings.rts) == (2400, True, False)


@pytest.mark.parametrize("path", ["/dev/ttyUSB0", "/dev/ttyACM12"])
def test_a_name_that_changes_is_refused(path: str) -> None:
    """A numbered adapter is refused with the place where its lasting name is found."""
    with pytest.raises(ValidationError, match="/dev/serial/by-id"):
        SerialSettings(path=path)


@pytest.mark.parametrize(
    "settings", [{"path": "ttyS0"}, {"path": "/dev/ttyS0", "baud": 2401}, {}, {"path": "/x", "b": 1}]
)
def test_nonsense_is_refused(settings: dict[str, object]) -> None:
    """A relative path, a speed that no port has, no path, and an unknown key are errors."""
    with pytest.raises(ValidationError):
        SerialSettings.model_validate(settings)
