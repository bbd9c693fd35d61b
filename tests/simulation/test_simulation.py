"""The daemon lives through seeds of a world in which everything goes wrong; planted faults are found that way too."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.plants import PLANTS

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 280  # a tenth of it on a machine that is not shared
pytestmark = pytest.mark.timeout(LIMIT_S + 20)
FEW = "1-6"
MANY = "1-40"  # each planted fault was found in the first seven


def _live(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.simulation.run", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False)


def test_nothing_is_lost_doubled_disordered_or_left() -> None:
    """Killed at any step and instant, on a failing disk, with broken wires and clocks: the model finds no fault."""
    lived = _live(FEW)
    assert lived.returncode == 0, lived.stdout + lived.stderr


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_a_planted_fault_is_found(plant: str) -> None:
    """A daemon that breaks one promise does not live through forty seeds, and the seed that fails is said."""
    lived = _live(MANY, "--first", "--plant", plant)
    assert lived.returncode == 1, lived.stdout + lived.stderr
    assert "the first again: make simtest SEEDS=" in lived.stdout


def test_a_seed_is_the_same_again() -> None:
    """Two processes live the same seed event for event, so that what failed once can be looked at."""
    first, second = (_live("7", "--trials", "3").stdout.partition("trace")[2] for _ in range(2))
    assert first and first == second
