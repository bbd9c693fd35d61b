"""The captured cases of the zigbee2mqtt dialect."""

from pathlib import Path

import pytest

from tests.drivers.case import case_files, check_case

FILES = case_files(Path(__file__).parent)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_captured_case_means_what_is_written_beside_it(path: Path) -> None:
    """Each file under cases/ says what a message means."""
    check_case("zigbee2mqtt", path)
