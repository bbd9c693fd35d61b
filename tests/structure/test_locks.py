"""The lock files hold what pyproject.toml asks for, by hash and from no particular address."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {"run": [], "demo": ["demo", "top"], "dev": ["demo", "top", "parquet", "dev"]}
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?P<marker> ; .*?)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def pins(lock: str) -> dict[str, str]:
    """Version by name of what the lock holds. Fails on any line that is neither a pin, a hash nor a remark."""
    found: dict[str, str] = {}
    for number, line in enumerate((ROOT / "requirements" / f"{lock}.lock").read_text().splitlines(), 1):
        if pin := PIN.match(line):
            found[canonicalize_name(pin["name"])] = pin["version"]
        else:
            assert line.startswith("#") or HASH.match(line), f"{lock}.lock:{number}: {line}"
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_only_pins_and_hashes(lock: str) -> None:
    """Every line is a version or a SHA-256: no index, no link, no path."""
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    assert pins(lock)
    assert "://" not in text


@pytest.mark.parametrize(("lock", "extras"), LOCKS.items())
def test_a_lock_answers_pyproject(lock: str, extras: list[str]) -> None:
    """Everything asked for is there in a version that is asked for; `make lock` mends it."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for extra in extras:
        asked += project["project"]["optional-dependencies"][extra]
    locked = pins(lock)
    wrong = [text for text in asked if not answers(Requirement(text), locked)]
    assert wrong == [], "run `make lock`"


def answers(requirement: Requirement, locked: dict[str, str]) -> bool:
    """Whether the lock holds a version that the requirement allows."""
    version = locked.get(canonicalize_name(requirement.name))
    return version is not None and version in requirement.specifier


def test_the_locks_are_of_one_resolution() -> None:
    """What the service runs with is what the tests ran with."""
    tested = pins("dev")
    for lock in ("run", "demo"):
        assert {name: version for name, version in pins(lock).items() if tested.get(name) != version} == {}


def test_every_dependency_has_its_reason() -> None:
    """docs/decisions.md says of each dependency what it is for."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    table = (ROOT / "docs" / "decisions.md").read_text().partition("## Dependencies")[2]
    named = set(re.findall(r"[A-Za-z0-9-]+", "".join(line.split("|")[1] for line in table.splitlines() if "|" in line)))
    assert [name for name in (Requirement(text).name for text in asked) if name not in named] == []
