"""A directory's files at one moment: what belongs to them, and what their digest tells apart."""

from pathlib import Path

import pytest

from config.files import MAX_RULES_FILES, fingerprint, read_files
from config.load import load, load_files
from config.problem import ConfigError
from tests.config.conftest import RULES, Write


def test_a_file_that_changes_after_it_was_read_is_loaded_as_it_was_read(write: Write) -> None:
    """What is checked is what is loaded."""
    found = read_files(write())
    write(venue="broken: [", rules="broken: [")
    assert [rule.id for rule in load_files(found).plan.rules] == ["smoke"]


def test_the_digest_names_the_words_and_not_the_place(write: Write, tmp_path: Path) -> None:
    """Another byte, another file or another override is another set; another directory is not."""
    first = read_files(write())
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "rules").mkdir()
    for name in ("venue.yaml", "rules/house.yaml"):
        (tmp_path / "again" / name).write_bytes((tmp_path / name).read_bytes())
    assert read_files(tmp_path / "again").digest == first.digest == load(tmp_path).digest
    assert read_files(tmp_path, ("links.broker.port=1884",)).digest != first.digest
    assert read_files(write(rules=RULES + "#")).digest != first.digest
    (tmp_path / "rules" / "other.yaml").mkdir()
    assert read_files(write()).digest != first.digest


def test_a_directory_without_files_has_a_digest_and_is_refused(tmp_path: Path) -> None:
    """What cannot be read is in the set, and a problem like any other."""
    found = read_files(tmp_path)
    assert found.digest == read_files(tmp_path).digest
    with pytest.raises(ConfigError, match=r"venue\.yaml:1:1: cannot be read: No such file"):
        load_files(found)


def test_files_that_an_editor_leaves_for_a_moment_are_no_rules(write: Write) -> None:
    """Emacs locks a file by a link that leads nowhere; vim keeps a swap file."""
    directory = write()
    before = read_files(directory).digest, fingerprint(directory)
    (directory / "rules" / ".#house.yaml").symlink_to("li@box.4711")
    (directory / "rules" / ".house.yaml").write_text("x")
    assert (read_files(directory).digest, fingerprint(directory)) == before


def test_the_fingerprint_sees_every_kind_of_change(write: Write) -> None:
    """Written, replaced by another of the same size, added, removed."""
    directory = write()
    told = [fingerprint(directory)]
    house = directory / "rules" / "house.yaml"
    house.write_text(RULES + "# more\n")
    told.append(fingerprint(directory))
    (directory / "new").write_text(RULES + "# most\n")
    (directory / "new").rename(house)
    told.append(fingerprint(directory))
    (directory / "rules" / "b.yaml").touch()
    told.append(fingerprint(directory))
    house.unlink()
    told.append(fingerprint(directory))
    (directory / "venue.yaml").unlink()
    told.append(fingerprint(directory))
    assert len(set(told)) == len(told)


def test_more_rules_files_than_people_write_are_refused(write: Write) -> None:
    """What a directory can cost is bounded."""
    directory = write()
    for number in range(MAX_RULES_FILES + 5):
        (directory / "rules" / f"{number:03}.yaml").write_text(RULES)
    found = read_files(directory)
    assert len(found.rules_files()) == MAX_RULES_FILES + 1
    with pytest.raises(ConfigError, match=f"more than {MAX_RULES_FILES} rules files"):
        load_files(found)
