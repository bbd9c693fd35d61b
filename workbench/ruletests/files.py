"""Test files found and read: the form of each test, before anything in it is held against a venue."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from config.document import Document
from config.document import Path as Place
from config.files import VENUE
from config.problem import Mark, Problems
from config.yaml_text import MAX_BYTES, read_yaml
from workbench.ruletests.form import FILE, TEST, FileShell, TestEntry
from workbench.ruletests.inline import is_inline


@dataclass(frozen=True)
class TestFile:
    """A file of the right form, with its tests and where each is written."""

    __test__ = False

    path: Path
    document: Document
    shell: FileShell
    tests: tuple[tuple[Place, TestEntry], ...]

    @property
    def config(self) -> Path:
        """The folder with the venue's files that the tests are about, or this file when the venue stands in it."""
        return self.path.resolve() if is_inline(self.document) else (self.path.parent / self.shell.config).resolve()


def find(paths: Iterable[Path], problems: Problems) -> Iterator[Path]:
    """The files named, and all in the folders named; of a venue's folder those in its tests/.

    A folder without any is a problem: nothing would be tested.
    """
    for named in paths:
        path = named / "tests" if (named / VENUE).is_file() else named
        found = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if not found:
            problems.add(Mark(str(path)), "no test file is in this folder, expected one such as fire.yaml")
        yield from found


def read(path: Path, problems: Problems) -> TestFile | None:
    """One test file; None, with every problem noted, when it has not the right form."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        problems.add(Mark(str(path)), f"cannot be read: {error.strerror}, expected a test file")
        return None
    document = read_yaml(str(path), raw, problems)
    shell = FILE.fit(document, (), problems) if document else None
    if document is None:
        return None
    tests = [(("tests", index), TEST.fit(document, ("tests", index), problems)) for index, _ in document.items("tests")]
    if shell is None:
        return None
    return TestFile(path, document, shell, tuple((place, test) for place, test in tests if test is not None))
