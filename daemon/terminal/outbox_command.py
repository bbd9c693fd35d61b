"""The command `outbox`: what has still to be told, to whom, and why it is not told yet."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from daemon.client import OutboxView, Refused
from daemon.terminal.commands import (
    EXIT_REFUSED,
    JsonOption,
    LangOption,
    RoleOption,
    SocketOption,
    StateOption,
    asking,
    current_user,
    show,
    show_json,
)
from daemon.terminal.ordering import WhoOption, WhyOption, ask_why
from daemon.terminal.picture import event_line
from daemon.terminal.tables import Cell, table
from daemon.terminal.words import Lang, default_lang, pick, span

HEADINGS = (
    ("OUTPUT", "WAITS", "TRIES", "NEXT TRY BECAUSE", "ID", "WHAT", "LAST ERROR"),
    ("输出", "等待", "次数", "发送原因", "编号", "内容", "最近错误"),
)
REASONS: dict[str, tuple[str, str]] = {
    "decided": ("it is new", "新决定"),
    "taken_up": ("unconfirmed before the restart", "重启前未确认"),
    "held": ("another output tells it first", "先由其他输出告知"),
    "stands_in": ("another output failed", "替代其他输出"),
    "unconfirmed": ("nobody confirmed", "无人确认"),
    "failed": ("the last try failed", "上次失败"),
}


def outbox(
    discard: Annotated[
        str, typer.Option("--discard", metavar="ID", help="Give up this delivery; with --output, --who, --why.")
    ] = "",
    output: Annotated[str, typer.Option("--output", help="Of which output it is discarded.")] = "",
    who: WhoOption = "",
    why: WhyOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """What each output has still to tell: since when, how often it was tried, and what went wrong.

    --discard gives one up, for good, and journals who did it and why: a commander or an engineer may; what is said of
    fire, panic and the end of an evacuation only a commander; an evacuation in force nobody. Exit code 1: refused.
    """
    if discard and not output:
        raise typer.BadParameter("say of which output", param_hint="--output")
    with asking(socket, state) as client:
        if discard:
            reason = why or ask_why()
            try:
                told = client.discard(output, discard, who=who or current_user(), why=reason, role=role)
            except Refused as refused:
                typer.echo(f"tocsin: refused: {refused.reason}", err=True)
                raise typer.Exit(EXIT_REFUSED) from None
        else:
            told = client.outbox()
    if json:
        show_json(told)
    else:
        show(_lines(told, lang or default_lang()))


def _lines(told: OutboxView, lang: Lang) -> Iterator[Text]:
    for output, count in told.owed.items():
        yield Text(pick((f"{output} owes {count}", f"{output} 待送 {count}"), lang))
    if told.deliveries:
        yield Text()
        yield from table(HEADINGS[lang == "zh"], _rows(told, lang))
    if told.left_out:
        yield Text(pick((f"... and {told.left_out} more", f"……还有 {told.left_out} 条"), lang))


def _rows(told: OutboxView, lang: Lang) -> Iterator[tuple[Cell, ...]]:
    for one in told.deliveries:
        reason = pick(REASONS.get(one.reason, (one.reason, one.reason)), lang)
        what = event_line(one.event, lang)
        yield one.output, span(one.waits_s, lang), str(one.tries), reason, one.delivery, what, one.error
