"""Which part may import which, and what may never be imported where things are decided: the contracts bite."""

import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
# Every package that Tocsin has or will have; `tests` too, for the tests import it by this name.
OURS = {"rules", "drivers", "config", "daemon", "console", "workbench", "simulators", "tests"}


def contracts() -> dict[str, Any]:
    """The import-linter section of pyproject.toml."""
    section: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return section


def packages() -> list[str]:
    """The packages that stand at the root."""
    return sorted(folder.parent.name for folder in ROOT.glob("*/__init__.py"))


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run import-linter on the tree in `folder`."""
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages that a test may spoil."""
    for package in packages():
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_hold() -> None:
    """The tree as it stands keeps its contracts."""
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_contracts_name_every_package() -> None:
    """A new package at the root cannot be forgotten by the contracts."""
    assert sorted(contracts()["root_packages"]) == packages()
    layers = next(one for one in contracts()["contracts"] if one["id"] == "layers")
    assert sorted(name for layer in layers["layers"] for name in layer.split(" | ")) == packages()


@pytest.mark.parametrize(
    ("package", "line", "broken"),
    [
        ("rules", "import drivers.contract", "rules is not allowed to import drivers"),
        ("drivers", "import config", "drivers is not allowed to import config"),
        ("config", "import daemon", "config is not allowed to import daemon"),
        ("daemon", "import simulators", "daemon is not allowed to import simulators"),
        ("simulators", "import daemon.core", "simulators is not allowed to import daemon"),
        ("workbench", "import daemon.core", "workbench is not allowed to import daemon"),
        ("workbench", "import simulators", "workbench is not allowed to import simulators"),
        ("config", "import workbench", "config is not allowed to import workbench"),
        ("rules", "import time", "rules is not allowed to import time"),
        ("rules", "from datetime import datetime", "rules is not allowed to import datetime"),
        ("rules", "def late() -> None:\n    import logging", "rules is not allowed to import logging"),
    ],
)
def test_a_forbidden_import_is_found(tree: Path, package: str, line: str, broken: str) -> None:
    """Each direction that must not be, planted, breaks the contract that forbids it."""
    (tree / package / "planted.py").write_text(f'"""Planted."""\n\n{line}\n')
    result = lint(tree)
    assert result.returncode == 1
    assert broken in " ".join(result.stdout.split()), result.stdout


@pytest.mark.parametrize("module", ["asyncio", "socket", "threading", "time", "logging", "os", "random", "subprocess"])
def test_a_codec_cannot_act(tree: Path, module: str) -> None:
    """A codec that reaches a clock, a thread, chance or the world, even through a helper, breaks the contract."""
    driver = tree / "drivers" / "planted"
    driver.mkdir()
    (driver / "__init__.py").write_text('"""Planted."""\n')
    (driver / "helper.py").write_text(f'"""Planted."""\n\nimport {module}\n')
    (driver / "codec.py").write_text('"""Planted."""\n\nimport drivers.planted.helper\n')
    result = lint(tree)
    assert result.returncode == 1
    said = " ".join(result.stdout.split())
    assert f"drivers.planted.codec is not allowed to import {module}" in said, result.stdout


def test_no_dependency_has_a_module_named_like_ours() -> None:
    """Our packages stand at the top of the import path; nothing installed may provide one of the same name."""
    providers = packages_distributions()
    clashes = {name: providers[name] for name in OURS if set(providers.get(name, [])) - {"tocsin"}}
    assert clashes == {}
