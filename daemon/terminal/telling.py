"""What commands on files share: instants as people write them, a bar for long work, an end with a reason."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from datetime import time as clock_time
from typing import NoReturn

import typer
from rich.progress import Progress

from daemon.terminal.commands import EXIT_REFUSED
from drivers.settings import seconds


def instant(text: str, hint: str = "TIME") -> float:
    """A local time as seconds since 1970; a time of day is the latest that has been."""
    now = datetime.now().astimezone()
    ago_s = span(text)
    if ago_s is not None:
        return now.timestamp() - ago_s
    try:
        today = datetime.combine(now.date(), clock_time.fromisoformat(text)).astimezone()
        return (today if today <= now else today - timedelta(days=1)).timestamp()
    except ValueError:
        pass
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        form = "expected 21:14:05, 2026-02-06T21:14:05, or 90s for that long ago"
        raise typer.BadParameter(f"found {text!r}, {form}", param_hint=hint) from None
    return told.timestamp()


def span(text: str) -> float | None:
    """Seconds of a text such as 90s or 2h; None when it says no span."""
    try:
        span_s = seconds(text)
    except ValueError:
        return None
    return span_s if isinstance(span_s, float) else None


@contextmanager
def progress(what: str) -> "Iterator[Callable[[float], object]]":
    """A bar on a terminal's standard error, nothing elsewhere."""
    from rich.console import Console

    errors = Console(stderr=True)
    if not errors.is_terminal:
        yield lambda share: None
        return
    with Progress(console=errors, transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def refuse(message: str) -> NoReturn:
    """End the command with exit code 1."""
    typer.echo(f"tocsin: {message}", err=True)
    raise typer.Exit(EXIT_REFUSED)
