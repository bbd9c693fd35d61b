"""Files are checked in a process of their own, which no file can make hang, crash or grow beyond its limits."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from config.apart import CheckEnded, Limits, Verdict, refuse_apart
from config.apart_child import _verdict
from config.files import read_files
from config.load import load_files
from config.problem import ConfigError, Problem
from config.safety.proof import prove
from tests.config.conftest import RULES, Write

SAMPLES = Path(__file__).resolve().parents[2] / "config" / "samples"
QUICK = Limits(cpu_s=1)  # the deadline stays long: on a busy machine a second of processor time takes many of the wall


def child(code: str) -> tuple[str, ...]:
    """A child that runs other code than ours."""
    return (sys.executable, "-c", code)


@pytest.mark.parametrize("venue", ["ktv", "minimal"])
def test_good_files_pass_well_within_the_limits(venue: str) -> None:
    """Half of the address space is left to a sample."""
    limits = Limits(address_space_bytes=Limits().address_space_bytes // 2)
    children: list[subprocess.Popen[bytes]] = []
    refuse_apart(read_files(SAMPLES / venue), limits, started=children.append)
    assert [child.returncode for child in children] == [0]


def test_what_the_child_finds_is_what_the_loader_finds(write: Write) -> None:
    """File, line, column, hint, all of them."""
    found = read_files(
        write(rules=RULES.replace("each: device", "each: devise").replace("category: fire", "category: water"))
    )
    with pytest.raises(ConfigError) as apart:
        refuse_apart(found)
    with pytest.raises(ConfigError) as here:
        load_files(found)
    assert apart.value.problems == here.value.problems
    assert apart.value.count == here.value.count == 2


def test_the_child_plays_the_chains_that_check_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain that comes out otherwise on the engine than by the arithmetic is refused here too."""
    late = Problem("rules/house.yaml", 3, 1, "'smoke' should lead to red within 5 s, but does not")
    monkeypatch.setattr("config.safety.proof.prove", lambda plan: replace(prove(plan), problems=(late,)))
    verdict = msgspec.json.decode(_verdict(msgspec.msgpack.encode(read_files(SAMPLES / "ktv"))), type=Verdict)
    assert [finding.problem() for finding in verdict.findings] == [late]


def test_of_many_problems_the_first_are_told_and_all_are_counted(write: Write) -> None:
    """An answer is bounded."""
    many = "".join(f"  - {{id: r{number}, category: water}}\n" for number in range(300))
    with pytest.raises(ConfigError) as refused:
        refuse_apart(read_files(write(rules=RULES + many)))
    assert len(refused.value.problems) == 100
    assert refused.value.count >= 300


def test_a_venue_that_is_too_large_for_the_limits_is_refused(write: Write) -> None:
    """Before it is loaded into a daemon that has to live on."""
    found = read_files(SAMPLES / "ktv")
    with pytest.raises(CheckEnded, match=r"memory|code|SIG"):
        refuse_apart(found, replace(QUICK, address_space_bytes=36 * 1024 * 1024))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("while True: pass", "took more processor time than it may"),
        ("import time; time.sleep(60)", "took longer than 0.5 s"),
        ("x = []\nwhile True: x.append(bytes(1_000_000))", "ended with code 1, saying 'MemoryError'"),
        ("import os; os.abort()", "was ended by SIGABRT"),
        ("print('{')", "the answer of the check cannot be read"),
        ("import os\nwhile True: os.write(1, b'x' * 4096)", "ended with code 1, saying 'OSError: .*File too large"),
        ('print(\'{"digest": "x", "findings": [], "count": 0}\')', "answered for other files"),
    ],
)
def test_a_child_that_misbehaves_is_ended_and_reported(write: Write, code: str, said: str) -> None:
    """Whatever it does; nothing of it is left running."""
    limits = replace(QUICK, deadline_s=0.5) if "sleep" in code else QUICK
    with pytest.raises(CheckEnded, match=said):
        refuse_apart(read_files(write()), limits, child(code))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
