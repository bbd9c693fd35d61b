"""A driver and an output are complete: the folder, its parts, its line in the registry."""

from pathlib import Path

import pytest

from drivers.registry import DRIVERS, LINKS, OUTPUTS

ROOT = Path(__file__).resolve().parents[2]
DRIVER_PARTS = {"__init__.py", "settings.py", "codec.py", "driver.py", "sample.yaml", "README.md"}
OUTPUT_PARTS = {"__init__.py", "settings.py", "output.py", "sample.yaml", "README.md"}
NOT_DRIVERS = {"links", "outputs", "__pycache__"}


def folders(parent: Path) -> set[str]:
    """Names of the folders in `parent` that may be a driver or an output."""
    return {folder.name for folder in parent.iterdir() if folder.is_dir()} - NOT_DRIVERS


def test_every_driver_folder_has_its_line_in_the_registry() -> None:
    """Folder and registry know the same drivers."""
    assert folders(ROOT / "drivers") == set(DRIVERS)


def test_every_output_folder_has_its_line_in_the_registry() -> None:
    """Folder and registry know the same outputs."""
    assert folders(ROOT / "drivers" / "outputs") == set(OUTPUTS)


def test_every_driver_runs_on_a_link_that_exists() -> None:
    """The link kind a driver names is registered."""
    assert {kind: driver.link for kind, driver in DRIVERS.items() if driver.link not in LINKS} == {}


@pytest.mark.parametrize("kind", sorted(DRIVERS))
def test_a_driver_is_complete(kind: str) -> None:
    """Nothing is missing in a driver's folder, nor its tests."""
    folder = ROOT / "drivers" / kind
    assert DRIVER_PARTS - {file.name for file in folder.iterdir()} == set()
    assert list((ROOT / "tests" / "drivers" / kind).glob("test_*.py")) != []


@pytest.mark.parametrize("kind", sorted(OUTPUTS))
def test_an_output_is_complete(kind: str) -> None:
    """Nothing is missing in an output's folder, nor its tests."""
    folder = ROOT / "drivers" / "outputs" / kind
    assert OUTPUT_PARTS - {file.name for file in folder.iterdir()} == set()
    assert list((ROOT / "tests" / "drivers" / "outputs" / kind).glob("test_*.py")) != []
