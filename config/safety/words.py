"""Chains in words: what each device's danger signal leads to, how soon, and what the time is made of."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rules.analysis.chain import Chain

NAMED = 5  # devices that are listed of those that must agree


def describe(chains: Iterable[Chain], kinds: Mapping[str, str], exempt: Mapping[str, str]) -> Iterator[str]:
    """The chains as lines for people: the devices that are alike, then each rule with what it leads to."""
    last = ""
    for chain in chains:
        if chain.device != last:
            last = chain.device
            alike = f" and {len(chain.like) - 1} alike" if len(chain.like) > 1 else ""
            yield f"{kinds[chain.device]} {chain.device}{alike}"
            if chain.device in exempt:
                yield f"  need not lead to red: {exempt[chain.device]}"
        company = f"with {chain.others} more ({_others(chain)})" if chain.others else "alone"
        when = f" ({chain.when})" if chain.when else ""
        yield f"  {chain.rule} {chain.tier.word}, {company}{when}: {outcome(chain)}"


def _others(chain: Chain) -> str:
    """Who must agree, by name, as far as that can be read."""
    names = [device for device in chain.told if device != chain.device]
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")


def outcome(chain: Chain) -> str:
    """What a chain leads to, and what the time is made of."""
    if chain.untimed:
        return cannot_be_timed(chain)
    event, what = chain.evacuation, f"evacuation {chain.plan!r}" if chain.plan else "evacuation"
    if event is None:
        event, what = chain.red, "red"
    if event is None:
        return "a warning only"
    return f"{what} within {event.seconds:g} s: {event.words}" if event.seconds else f"{what} at once"


def cannot_be_timed(chain: Chain) -> str:
    """What could not be worked out."""
    return f"cannot be timed: {chain.untimed}"


def who(chain: Chain) -> str:
    """The devices of a chain, the first by its name."""
    return repr(chain.device) + (f" and {len(chain.like) - 1} alike" if len(chain.like) > 1 else "")


def unanswered(chains: Iterable[Chain], classes: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The devices that tell of danger and that no rule of danger looks at, as lines."""
    answered = {chain.device for chain in chains}
    for devices in classes:
        if devices[0] not in answered:
            alike = f" and {len(devices) - 1} alike" if len(devices) > 1 else ""
            yield f"no rule about danger looks at {devices[0]!r}{alike}"


def as_json(chain: Chain) -> dict[str, Any]:
    """A chain for machines."""
    parts = chain.evacuation.parts if chain.evacuation else ()
    return {
        "devices": list(chain.like),
        "rule": chain.rule,
        "tier": chain.tier.word,
        "others": chain.others,
        "together_with": [device for device in chain.told if device != chain.device],
        "when": chain.when,
        "red_s": chain.red.seconds if chain.red else None,
        "evacuation_s": chain.evacuation.seconds if chain.evacuation else None,
        "plan": chain.plan or None,
        "cannot_be_timed": chain.untimed or None,
        "measured": chain.measured,
        "parts": [{"text": part.text, "seconds": part.seconds} for part in parts],
    }
