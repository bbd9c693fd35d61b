"""The recordings in a folder: which files are of a form that is known, and which are not."""

from dataclasses import dataclass
from pathlib import Path

from workbench.fires import fsri, nist
from workbench.fires.channels import listed
from workbench.fires.recording import Recording, RecordingError
from workbench.fires.sheet import read_names

MAX_FILES = 10_000  # a folder with more is not a collection of test fires

_EXPECTED = (
    "expected NIST smoke alarm tests (a column TIME and trees TCA_1, SMA_1...) or FSRI compartment fires "
    "(columns such as 'Quadrant A Temperature 25 mm Below Ceiling', and X_Events.csv beside X.csv)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One recording that was found, and how it is read."""

    path: Path
    series: str

    def read(self) -> Recording:
        """Raises RecordingError."""
        return nist.read(self.path) if self.series == "NIST" else fsri.read(self.path)


def find(folder: Path) -> tuple[list[Found], list[str]]:
    """The recordings below a folder, sorted by path, and what is to be said about the files passed over.

    Raises RecordingError when there is none.
    """
    if not folder.is_dir():
        raise RecordingError(f"{folder}: there is no such folder; {_EXPECTED}")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".csv" and path.is_file())[:MAX_FILES]
    found, other = [], []
    for path in files:
        series = _series(path)
        if series:
            found.append(Found(path, series))
        elif path.name != nist.ACTIVATION_TIMES and not path.stem.endswith(fsri.EVENTS):
            other.append(str(path.relative_to(folder)))
    if not found:
        seen = f"{len(files)} CSV files, none of them of a known form: {listed(other, 3)}" if files else "no CSV file"
        raise RecordingError(f"{folder}: {seen}; {_EXPECTED}")
    return found, [f"passed over, of no known form: {listed(other, 5)}"] if other else []


def _series(path: Path) -> str:
    """Nothing for a file of no known form; one that cannot be read is such a file."""
    try:
        lines = read_names(path)
    except RecordingError:
        return ""
    for names in lines:
        if nist.matches(names):
            return "NIST"
        if fsri.matches(path, names):
            return "FSRI"
    return ""
