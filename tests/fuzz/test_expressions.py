"""The fuzzer of conditions runs for a few seconds here; `make fuzz` lets it run for as long as one likes."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SECONDS = 10
LIMIT_S = 100

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="atheris has wheels for x86_64 only")


def _run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, *args), cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


def test_no_text_does_harm(tmp_path: Path) -> None:
    """A short run from the stock packs' conditions finds nothing, and has really looked at thousands of texts."""
    options = (f"-max_total_time={SECONDS}", "-max_len=2100", f"-artifact_prefix={tmp_path}/")
    done = _run("-m", "tests.fuzz.expressions", str(tmp_path / "corpus"), *options)
    assert done.returncode == 0, done.stderr[-3000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs is not None and int(runs[1]) > 2000


def test_the_watch_would_see_python_being_reached() -> None:
    """The negative control: a condition that is given to Python's own parser is noticed."""
    code = """
import sys
from tests.fuzz import expressions
expressions.parse = lambda text: eval(text)
sys.addaudithook(expressions.watch)
try:
    expressions.one_input(b"1")
except expressions.Reached as reached:
    print("reached", reached)
"""
    assert _run("-c", code).stdout.startswith("reached compile")
