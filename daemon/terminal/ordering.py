"""What the commands that order have in common: who, why, in which role, for how long, and what a refusal says."""

import difflib
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from daemon.client import ClientError, DaemonClient, OrderWord, Refused, RoleWord
from daemon.terminal.commands import EXIT_REFUSED, asking, current_user, find_socket, show, show_json
from daemon.terminal.picture import event_line
from daemon.terminal.words import Lang, default_lang

COMPLETION_S = 1.0  # nobody waits longer for a Tab
SHOWN_MAX = 10  # of the ids that are named when one was mistyped

Targets = Callable[[DaemonClient], Sequence[str]]


def completion(targets: Targets) -> Callable[[typer.Context, str], list[str]]:
    """What Tab offers: the ids that stand now, or nothing when no daemon answers in time."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        path = find_socket(ctx.params.get("socket"), ctx.params.get("state"))
        try:
            with DaemonClient(path, timeout_s=COMPLETION_S) as client:
                return [one for one in targets(client) if one.startswith(incomplete)]
        except ClientError:
            return []

    return complete


WhoOption = Annotated[str, typer.Option("--who", help="Who orders it; by default the user.")]
WhyOption = Annotated[str, typer.Option("--why", help="Why; asked for on a terminal.")]


class Person(NamedTuple):
    """Who orders, why, and in which role, as the options say; empty is the user, and asked for."""

    who: str
    why: str
    role: RoleWord


def give(
    order: OrderWord,
    target: str,
    targets: Targets,
    socket: Path,
    person: Person,
    json: bool,
    lang: Lang | None,
    *,
    for_s: float = 0.0,
    once: bool = False,
) -> None:
    """Give an order and show what it led to. `targets` are what could have been meant, for a mistyped target.

    Ends the command with exit code 1 when it is refused.
    """
    reason = person.why or ask_why()
    with asking(socket, None) as client:
        try:
            who = person.who or current_user()
            result = client.order(order, target, who=who, why=reason, role=person.role, for_s=for_s, once=once)
        except Refused as refused:
            typer.echo(f"tocsin: refused: {refused.reason}{_hint(target, targets(client))}", err=True)
            raise typer.Exit(EXIT_REFUSED) from None
    if json:
        show_json(result)
    else:
        show(event_line(decision, lang or default_lang()) for decision in result.decisions)


def one_of(*words: str) -> Callable[[str], str]:
    """A parser of an argument that is one of these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise typer.BadParameter(f"found {text!r}, expected {' or '.join(words)}")
        return text

    return parse


def seconds(text: str) -> float:
    """How long "90m" is. Raises typer.BadParameter for what is no time with its unit."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)", text)
    if match is None:
        raise typer.BadParameter("say how long, such as 90m or 2h", param_hint="--for")
    return float(match[1]) * {"s": 1.0, "m": 60.0, "h": 3600.0}[match[2]]


def ask_why() -> str:
    """Asked for on a terminal; a usage error elsewhere."""
    if sys.stdin.isatty() and sys.stderr.isatty():
        return str(typer.prompt("Why", err=True))
    raise typer.BadParameter("say why: an order is journalled with its reason", param_hint="--why")


def _hint(target: str, known: Sequence[str]) -> str:
    """The nearest id to a mistyped one, else those there are. Empty when the target was right."""
    if not target or target in known:
        return ""
    near = difflib.get_close_matches(target, known, n=3, cutoff=0.6)
    if near:
        return f"\nDid you mean {' or '.join(near)}?"
    shown = ", ".join(known[:SHOWN_MAX]) + (", ..." if len(known) > SHOWN_MAX else "")
    return f"\nThere are: {shown}" if known else "\nThere is none."
