"""Whatever stands in the files: a Setup, or a ConfigError with places in them; never another error, never a wait."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from config.files import LIBRARY
from config.load import load
from config.problem import ConfigError, Problems
from config.yaml_text import read_yaml

MINIMAL = Path(__file__).parents[2] / "config" / "samples" / "minimal"
VENUE = (MINIMAL / "venue.yaml").read_bytes()
RULES = (LIBRARY / "fire.yaml").read_bytes()

# What makes YAML and our files turn: indicators, our own words, and bytes that are no text.
WORDS = rb"{ } [ ] :_ -_ &a_ *a_ <<:_ !!x_ | > ' # % ~ 0x .inf 1..9 {floor} for:_{floor:_1..3} id:_ null true 1e999 ()"
SPACES = [b"\n", b"  ", b"\t", b"---\n", b'"', b"\xff", b"\x00", b"9" * 5000, "烟".encode(), b" and ", b"alarms([a])"]
PIECES = st.sampled_from([*WORDS.replace(b"_", b"\xa0").split(), *SPACES]).map(lambda one: one.replace(b"\xa0", b" "))
FEW = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A right file with up to four places cut, overwritten or grown."""
    text = whole
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 30))
        text = text[:at] + draw(PIECES) + text[at + cut :]
    return text


def loaded_or_refused(directory: Path, overrides: tuple[str, ...] = ()) -> bool:
    """Whether the directory is loaded, or refused with problems in order that have a place and a text."""
    try:
        return bool(load(directory, overrides).files)
    except ConfigError as error:
        problems = error.problems
    told = all(problem.line >= 1 and problem.col >= 1 and problem.text for problem in problems)
    return bool(problems) and told and list(problems) == sorted(problems)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "house.yaml").write_bytes(b"rules: []\n")
    (tmp_path / "venue.yaml").write_bytes(VENUE)
    return tmp_path


@FEW
@given(st.binary(max_size=300) | st.lists(PIECES, max_size=60).map(b"".join))
def test_any_bytes_are_a_document_or_problems(raw: bytes) -> None:
    """The reader itself: no other way out."""
    problems = Problems()
    document = read_yaml("f", raw, problems)
    assert document is not None or len(problems)


@FEW
@given(damaged(VENUE))
def test_a_damaged_venue_file_is_loaded_or_refused(directory: Path, text: bytes) -> None:
    """A right file with something wrong in it reaches every check."""
    (directory / "venue.yaml").write_bytes(text)
    assert loaded_or_refused(directory)


@FEW
@given(damaged(RULES))
def test_a_damaged_rules_file_is_loaded_or_refused(directory: Path, text: bytes) -> None:
    """The same for rules."""
    (directory / "rules" / "house.yaml").write_bytes(text)
    assert loaded_or_refused(directory)


@FEW
@given(
    st.text(max_size=60) | st.tuples(st.sampled_from(["links.broker.", "devices.0.", "venue."]), st.text()).map("".join)
)
@example("links.broker.port=\udcff")
@example("venue={}")
@example("links=1")
@example("=")
def test_any_override_is_taken_or_refused(directory: Path, override: str) -> None:
    """What stands on a command line is input like any other."""
    assert loaded_or_refused(directory, (override,))
