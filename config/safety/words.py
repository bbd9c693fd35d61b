"""Chains in words: what each device's danger signal leads to, how soon, and what the time is made of."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rules.analysis.chain import Chain


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
        who = f"with {chain.others} more" if chain.others else "alone"
        when = f" ({chain.when})" if chain.when else ""
        yield f"  {chain.rule} {chain.tier.word}, {who}{when}: {outcome(chain)}"


def outcome(chain: Chain) -> str:
    """What a chain leads to, and what the time is made of."""
    event, what = chain.evacuation, f"evacuation {chain.plan!r}" if chain.plan else "evacuation"
    if event is None:
        event, what = chain.red, "red"
    if event is None:
        return "a warning only"
    return f"{what} within {event.seconds:g} s: {event.words}" if event.seconds else f"{what} at once"


def as_json(chain: Chain) -> dict[str, Any]:
    """A chain for machines."""
    parts = chain.evacuation.parts if chain.evacuation else ()
    return {
        "devices": list(chain.like),
        "rule": chain.rule,
        "tier": chain.tier.word,
        "others": chain.others,
        "when": chain.when,
        "red_s": chain.red.seconds if chain.red else None,
        "evacuation_s": chain.evacuation.seconds if chain.evacuation else None,
        "plan": chain.plan or None,
        "parts": [{"text": part.text, "seconds": part.seconds} for part in parts],
    }
