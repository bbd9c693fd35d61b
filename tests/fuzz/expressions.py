"""Coverage-guided fuzzing of conditions: any text is a condition or an ExpressionError, and none reaches Python.

python -m tests.fuzz.expressions CORPUS_DIR [libFuzzer options], such as -max_total_time=600. Ends with a stack trace,
and the text in a file, at the first text that does anything else.
"""

import re
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["rules"]):
    from rules.conditions import STATES_OF_DEVICE, WORDS_AROUND
    from rules.engine import Engine
    from rules.expression import Expression, ExpressionError, parse
    from rules.functions import FUNCTION_NAMES
    from rules.quantity import QUANTITIES
    from rules.render import render
    from rules.signal import Calendar, Fault, Reading, Tick
    from rules.typecheck import problems
    from tests.rules.house import SMOKE, plan, rule, tier

ROOT = Path(__file__).parents[2]
SCHEDULES = ("hours",)
RULE_IDS = ("smoke",)
GRAMMAR = "and or not ( ) [ ] , : < <= > >= at: devices: within: among: neighbours orange red 60s 5m 1h 500ms 0.5 -1"
FORBIDDEN = ("exec", "compile", "import", "open", "os.", "subprocess", "socket", "ctypes", "marshal", "pickle")
STORY = (
    Tick(0.0),
    Calendar(0.5, "hours", True),
    Reading(1.0, "det-a", "smoke_obscuration", 6.0),
    Reading(2.0, "det-a", "temperature", 70.0),
    Reading(3.0, "det-b", "smoke", True),
    Fault(4.0, "det-a", "trouble", "it says so", "smoke_obscuration"),
    Tick(5000.0),
)
_watching = False


class Reached(Exception):
    """A condition made Python do something that conditions have no business with."""


def watch(event: str, _arguments: object) -> None:
    """An audit hook: what the interpreter is asked to do while a condition is looked at."""
    if _watching and event.startswith(FORBIDDEN):
        raise Reached(event)


def read(text: str) -> Expression | None:
    """The condition, or None when it is refused with a place in the text and a reason."""
    try:
        return parse(text)
    except ExpressionError as error:
        refused = error
    assert refused.message and 0 <= refused.offset <= len(text)
    return None


def look(text: str) -> None:
    """Take one text through everything that a condition in a rules file goes through."""
    expression = read(text)
    if expression is None:
        return
    again = parse(render(expression.root))
    assert render(again.root) == render(expression.root)
    for each in ("device", "zone"):
        if not problems(expression, each=each, rule_ids=RULE_IDS, schedules=SCHEDULES):
            live(expression, each)


def live(expression: Expression, each: str) -> None:
    """A condition without problems decides, explains itself, and survives a restart."""
    places = ("det-a", "det-b") if each == "device" else ("floor",)
    told = plan(SMOKE, rule("own", "device" if each == "device" else "zone", places, tier("red", expression.text)))
    engine = Engine(told)
    for signal in STORY:
        engine.step(signal)
        for place in places:
            engine.explain(f"own@{place}")
    Engine.restore(told, engine.snapshot()).step(Tick(6000.0))


def one_input(raw: bytes) -> None:
    """What libFuzzer calls."""
    global _watching  # noqa: PLW0603  # an audit hook cannot be taken off again
    text = raw.decode("utf-8", "replace")
    _watching = True
    try:
        look(text)
    finally:
        _watching = False


def seed(corpus: Path) -> Path:
    """Begin with every condition of the stock packs. Returns a dictionary of the words that mean something."""
    corpus.mkdir(parents=True, exist_ok=True)
    for pack in sorted((ROOT / "rules/library").glob("*.yaml")):
        texts = re.findall(r"(?:when|clear): \"?([^\"\n]*?)\"?[,}\n]", pack.read_text())
        for number, text in enumerate(texts):
            (corpus / f"{pack.stem}-{number}").write_text(text)
    words = [*QUANTITIES, *FUNCTION_NAMES, *STATES_OF_DEVICE, *WORDS_AROUND, *RULE_IDS, *SCHEDULES, *GRAMMAR.split()]
    dictionary = corpus.with_suffix(".dict")
    dictionary.write_text("".join(f'"{word}"\n' for word in words))
    return dictionary


def main() -> None:
    """Seed the corpus and fuzz until the options say to end."""
    dictionary = seed(Path(sys.argv[1]))
    sys.addaudithook(watch)
    atheris.Setup([*sys.argv, f"-dict={dictionary}"], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
