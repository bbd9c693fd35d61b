"""The files of a configuration directory as they were at one moment: what is checked is then also what is loaded."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from config.yaml_text import MAX_BYTES

LIBRARY = Path(__file__).parent.parent / "rules" / "library"
STOCK = "stock:"
VENUE = "venue.yaml"
MAX_RULES_FILES = 32  # of one venue; with MAX_BYTES each that bounds what a directory can cost: 8 MB
DIGEST_CHARS = 16  # 64 bits: to tell the sets of one venue apart


class Unread(Struct, frozen=True, tag=True):
    """A file that is there and cannot be read, and why."""

    why: str


class Text(Struct, frozen=True, tag=True):
    """What stands in a file, cut just beyond MAX_BYTES."""

    raw: bytes


class FileSet(Struct, frozen=True):
    """The files by name: "venue.yaml", "rules/house.yaml", and the stock packs "stock:fire".

    `overrides` such as "links.broker.port=18830" replace values of venue.yaml and belong to the set.
    """

    directory: str
    files: dict[str, Text | Unread]
    overrides: tuple[str, ...] = ()

    def path(self, name: str) -> Path:
        """Where the file of that name lies, for people."""
        return LIBRARY / f"{name.removeprefix(STOCK)}.yaml" if name.startswith(STOCK) else Path(self.directory) / name

    def rules_files(self) -> list[str]:
        """The names of the files in rules/."""
        return [name for name in self.files if name.startswith("rules/")]

    def stock_packs(self) -> list[str]:
        """The names of the stock packs."""
        return [name for name in self.files if name.startswith(STOCK)]

    @property
    def digest(self) -> str:
        """Names one set: equal files, stock packs and overrides have equal digests, wherever the directory is."""
        told = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            raw = content.raw if isinstance(content, Text) else content.why.encode()
            told.update(f"{name}\0{type(content).__name__}\0{len(raw)}\0".encode() + raw)
        for override in self.overrides:
            told.update(f"{len(override)}\0{override}".encode("utf-8", "surrogateescape"))
        return told.hexdigest()[:DIGEST_CHARS]


def read_files(directory: Path | str, overrides: tuple[str, ...] = ()) -> FileSet:
    """Read a directory once. A file that cannot be read is in the set all the same. Never waits: a pipe is no file."""
    directory = Path(directory)
    files = {VENUE: _read(directory / VENUE)}
    files.update((f"rules/{path.name}", _read(path)) for path in _rules_paths(directory))
    files.update((f"{STOCK}{path.stem}", _read(path)) for path in sorted(LIBRARY.glob("*.yaml")))
    return FileSet(str(directory), files, overrides)


def fingerprint(directory: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Changes when a file of the directory is written, replaced, added or removed: name, mtime in ns, size, inode."""
    return tuple(_marks(directory))


def _marks(directory: Path) -> Iterator[tuple[str, int, int, int]]:
    for path in (directory / VENUE, *_rules_paths(directory)):
        try:
            status = path.stat()
            yield str(path), status.st_mtime_ns, status.st_size, status.st_ino
        except OSError as error:
            yield str(path), 0, 0, -(error.errno or 1)


def _rules_paths(directory: Path) -> list[Path]:
    """One more than the limit, so that the excess is seen. An editor's lock and swap files begin with a dot."""
    paths = (path for path in (directory / "rules").glob("*.yaml") if not path.name.startswith("."))
    return sorted(paths)[: MAX_RULES_FILES + 1]


def _read(path: Path) -> Text | Unread:
    try:
        if path.exists() and not path.is_file():
            return Unread("this is not a file, expected a file")
        with path.open("rb") as file:
            return Text(file.read(MAX_BYTES + 1))
    except OSError as error:
        return Unread(f"cannot be read: {error.strerror}, expected a file")
