"""Invariant: any venue and rules files give a Setup, or a ConfigError with a place in a file for every problem; and the
engine of a Setup takes any signals without an exception. Never anything else, never a wait.

python -m tests.fuzz.files CORPUS_DIR [libFuzzer options], such as -max_total_time=600. Looks for files that reach new
branches of `config/` and `rules/`, and ends with a stack trace, and the bytes in a file, at the first that break this.
python -m tests.fuzz.files --show FILE prints the files that such bytes stand for.
"""

import sys
from collections import Counter
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["rules", "config"]):
    from config.files import Text
    from tests.fuzz.dice import Dice
    from tests.fuzz.houses import files
    from tests.fuzz.judge import LIFE_BYTES, judge

MAX_BYTES = 2000  # a house and its life take 300 to 1500
SEEDS = 200
TOLD_EACH = 500

_counts: Counter[str] = Counter()


def one_input(raw: bytes) -> None:
    """What libFuzzer calls."""
    _counts[judge(raw)] += 1
    if _counts.total() % TOLD_EACH == 0:
        sys.stderr.write(f"{_counts.total()} directories: {dict(_counts)}\n")


def show(raw: bytes) -> None:
    """Print the files."""
    for name, content in files(Dice(raw[LIFE_BYTES:])).files.items():
        if isinstance(content, Text) and not name.startswith("stock:"):
            sys.stdout.write(f"--- {name}\n{content.raw.decode()}\n")


def seed(corpus: Path) -> None:
    """Begin with houses of many kinds, the same each time."""
    corpus.mkdir(parents=True, exist_ok=True)
    for number in range(SEEDS):
        (corpus / f"seed-{number}").write_bytes(Random(number).randbytes(MAX_BYTES))


def main() -> None:
    """Fuzz until the options say to end."""
    if sys.argv[1] == "--show":
        show(Path(sys.argv[2]).read_bytes())
        return
    seed(Path(sys.argv[1]))
    atheris.Setup([*sys.argv, f"-max_len={MAX_BYTES}", "-len_control=0", "-timeout=60"], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
