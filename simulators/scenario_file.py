"""Scenario files: found by name or path, read, and held against the venue that they shall be played in."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.document import Document
from config.document import Path as Place
from config.form import Form
from config.problem import ConfigError, Problem, Problems, did_you_mean
from config.yaml_text import read_yaml
from rules.plan import Plan
from simulators.scenario import Scenario

STOCK = Path(__file__).parent / "scenarios"
_FORM: Form[Scenario] = Form(Scenario)


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """A scenario, and where each thing in it is written."""

    name: str
    scenario: Scenario
    document: Document


def stock_names() -> list[str]:
    """The scenarios that come with Tocsin."""
    return sorted(path.stem for path in STOCK.glob("*.yaml"))


def load(name: str) -> ScenarioFile:
    """Read a scenario by the name of a stock one or by path. Raises ConfigError with every problem found."""
    path = STOCK / f"{name}.yaml" if name in stock_names() else Path(name)
    problems = Problems()
    try:
        raw = path.read_bytes()
    except OSError as error:
        hint = did_you_mean(name, stock_names()) or f"scenarios are {', '.join(stock_names())}, or the path of a file"
        raise ConfigError([Problem(name, 1, 1, f"no such scenario: {error.strerror}", hint)]) from None
    document = read_yaml(str(path), raw, problems)
    scenario = _FORM.fit(document, (), problems) if document is not None else None
    problems.refuse()
    assert scenario is not None and document is not None
    return ScenarioFile(path.stem, scenario, document)


def check(file: ScenarioFile, plan: Plan) -> None:
    """Raises ConfigError that names every zone, device, link, rule and evacuation plan that the venue does not have."""
    venue = plan.venue
    rules = {rule.id for rule in plan.rules}
    known: dict[str, set[str]] = {
        "zone": set(venue.zones),
        "device": set(venue.devices),
        "link": set(venue.links),
        "rule": rules,
        "place": set(venue.zones) | set(venue.devices),
        "evacuation plan": {"any", *plan.evacuation_plans},
    }
    problems = Problems()
    for what, word, place in (*_in_story(file.scenario), *_in_outcomes(file.scenario)):
        if word not in known[what]:
            text = f"the venue has no {what} {word!r}"
            problems.add(file.document.mark(place), text, did_you_mean(word, known[what]))
    problems.refuse()


def _in_story(scenario: Scenario) -> Iterator[tuple[str, str, Place]]:
    """What kind of thing each id in the story must be, the id, its place."""
    for index, step in enumerate(scenario.story):
        at: Place = ("story", index, step.action)
        match step.action:
            case "press" | "call" | "restore" | "kill" | "revive" | "mute" | "unmute":
                yield "device", str(getattr(step, step.action)), at
            case "link":
                yield from (("link", link, (*at, link)) for link in step.link or ())
            case "order":
                yield from _in_order(step.order.verb, step.order.target, at) if step.order is not None else ()
            case "fire" | "cigarette" | "fog" | "mains" | "door":
                action = getattr(step, step.action)
                zone, near = getattr(action, "zone", None), getattr(action, "near", None)
                yield from (("zone", zone, (*at, "zone")),) if zone is not None else ()
                yield from (("device", near, (*at, "near")),) if near is not None else ()
            case _:
                pass


def _in_order(verb: str, target: str, at: Place) -> Iterator[tuple[str, str, Place]]:
    if verb in ("acknowledge", "reset"):
        yield from _in_alarm(target, (*at, verb))
    elif verb == "evacuate":
        yield "evacuation plan", target, (*at, verb)


def _in_outcomes(scenario: Scenario) -> Iterator[tuple[str, str, Place]]:
    for section, outcomes in (("expect", scenario.expect), ("never", scenario.never)):
        for index, outcome in enumerate(outcomes):
            at: Place = (section, index, outcome.event)
            if outcome.event == "evacuation":
                yield "evacuation plan", outcome.subject, at
            elif outcome.event not in ("fault", "recovered") and outcome.subject != "any":
                yield from _in_alarm(outcome.subject, at)


def _in_alarm(alarm: str, at: Place) -> Iterator[tuple[str, str, Place]]:
    rule, _, place = alarm.partition("@")
    yield "rule", rule, at
    yield "place", place, at
