"""The sets of files that were in force, kept whole or not at all."""

from pathlib import Path

import pytest

from config.files import FileSet, Text, read_files
from daemon.rule_sets import FOLDER, KEPT, RuleSets

SAMPLES = Path(__file__).resolve().parents[2] / "config" / "samples"


def numbered(number: int) -> FileSet:
    """A set that differs from others by its number."""
    return FileSet("/etc/tocsin", {"venue.yaml": Text(f"venue: {number} # 房间".encode())}, ("links.broker.port=1884",))


def keep(sets: RuleSets, found: FileSet) -> None:
    """As when it is put in force: stored, taken by the engine, marked."""
    sets.store(found)
    sets.mark_good(found.digest)


def test_what_was_kept_is_found_again(tmp_path: Path) -> None:
    """The last one, and any by its digest, byte for byte."""
    sets = RuleSets(tmp_path)
    assert sets.last() is None and sets.find("x") is None
    real = read_files(SAMPLES / "ktv")
    for found in (real, numbered(1)):
        keep(sets, found)
    assert sets.last() == numbered(1)
    assert sets.find(real.digest) == real
    assert "房间" in (tmp_path / FOLDER / f"00000002-{numbered(1).digest}.json").read_text("utf-8")


def test_a_set_that_comes_back_is_the_last_one(tmp_path: Path) -> None:
    """An engineer takes a change back: twice kept, and once is not kept twice in a row."""
    sets = RuleSets(tmp_path)
    for number in (1, 1, 2, 1):
        keep(sets, numbered(number))
    assert sets.last() == numbered(1)
    names = sorted(path.name[:8] for path in (tmp_path / FOLDER).glob("*.json"))
    assert names == [
        "00000001",
        "00000002",
        "00000003",
    ]


def test_a_set_that_was_only_stored_is_not_the_last_good_one(tmp_path: Path) -> None:
    """The engine may refuse it: the one before stays, however many are refused, and each is found by its digest."""
    sets = RuleSets(tmp_path)
    keep(sets, numbered(0))
    for number in range(1, KEPT + 3):
        sets.store(numbered(number))
    assert RuleSets(tmp_path).last() == numbered(0)
    assert sets.find(numbered(KEPT + 2).digest) == numbered(KEPT + 2)
    sets.mark_good(numbered(KEPT + 2).digest)
    assert RuleSets(tmp_path).last() == numbered(KEPT + 2)


def test_in_a_folder_without_a_mark_the_set_stored_last_is_good(tmp_path: Path) -> None:
    """As it was before there were marks."""
    sets = RuleSets(tmp_path)
    sets.store(numbered(1))
    sets.store(numbered(2))
    assert sets.last() == numbered(2)


def test_the_oldest_go(tmp_path: Path) -> None:
    """The folder is bounded; the numbers go on."""
    sets = RuleSets(tmp_path)
    for number in range(KEPT + 3):
        keep(sets, numbered(number))
    assert len(list((tmp_path / FOLDER).glob("*.json"))) == KEPT
    assert sets.last() == numbered(KEPT + 2)
    assert sets.find(numbered(2).digest) is None


@pytest.mark.parametrize("body", ["", "{", '{"directory": "/", "overrides": [], "files": {"venue.yaml": "other"}}'])
def test_what_is_not_what_its_name_says_is_not_used(tmp_path: Path, body: str) -> None:
    """A file that was cut off or edited is no good set; a half-written one has another name."""
    sets = RuleSets(tmp_path)
    keep(sets, numbered(1))
    (path,) = (tmp_path / FOLDER).glob("*.json")
    path.write_text(body)
    (tmp_path / FOLDER / "00000002-x.new").write_text("{")
    assert sets.last() is None
    assert sets.find(numbered(1).digest) is None


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """The reload is then refused: files that are not kept are not put in force."""
    (tmp_path / FOLDER).write_text("a file")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        RuleSets(tmp_path).store(numbered(1))
