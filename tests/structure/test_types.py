"""The type checker sees every file of ours, strictly."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLANTED = 'planted: int = "text"\n\n\ndef untyped(value):\n    return value\n'


def sources() -> list[Path]:
    """Every Python file of the tree, relative to its root."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in {"build", "dist", "state"}]
        found += [Path(folder, name).relative_to(ROOT) for name in names if name.endswith(".py")]
    return found


def test_an_error_in_any_file_is_found(tmp_path: Path) -> None:
    """With a wrong type and a missing one planted in the place of every file, mypy reports both in each of them."""
    files = sources()
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(PLANTED)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", os.devnull],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    wrong = {line.split(":")[0] for line in result.stdout.splitlines() if line.endswith("[assignment]")}
    missing = {line.split(":")[0] for line in result.stdout.splitlines() if line.endswith("[no-untyped-def]")}
    assert {str(file) for file in files} - (wrong & missing) == set(), result.stdout[-2000:] + result.stderr


def test_no_file_switches_the_checker_off() -> None:
    """No file carries a mypy directive of its own, so what holds for the planted errors holds for the real code."""
    directive = "# " + "mypy:"
    assert [str(file) for file in sources() if directive in (ROOT / file).read_text()] == []
