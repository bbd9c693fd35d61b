"""The commands `tocsin journal ...`: they read the journal's file, whether a daemon writes it or not."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer
from rich.text import Text

from daemon.terminal.commands import EXIT_REFUSED, JsonOption, LangOption, StateOption, show, show_json
from daemon.terminal.telling import instant, progress, refuse
from daemon.terminal.words import Lang, default_lang, pick

if TYPE_CHECKING:
    from daemon.journal.info import Info
    from daemon.journal.rows import Reader
    from daemon.journal.verify import Verdict

DATABASE = "journal.db"
ANCHORS = "audit.anchors"

FileOption = Annotated[
    Path | None, typer.Option("--file", help="A journal's file, such as a backup, instead of the state directory's.")
]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Look at the journal's file: what it holds, whether it is whole, a copy of it. Never writes to it.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def info(file: FileOption = None, state: StateOption = None, json: JsonOption = False, lang: LangOption = None) -> None:
    """What the journal holds, from when to when, how large it is.

    Exit code 1: there is no journal, or it cannot be read.
    """
    from daemon.journal.info import look

    with saying_why_not():
        found = look(find_journal(file, state))
    show_json(found) if json else show(_lines(found, lang or default_lang()))


@app.command()
def export(
    form: Annotated[
        str, typer.Option("--format", help="jsonl: JSON lines; lp: InfluxDB line protocol; parquet.", metavar="FORMAT")
    ] = "jsonl",
    since: Annotated[str, typer.Option("--since", help="21:14:05, 2026-02-06T21:14:05 or 90m (ago).")] = "",
    until: Annotated[str, typer.Option("--until", help="As --since.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="A new file; by default standard output.", metavar="FILE")
    ] = None,
    file: FileOption = None,
    state: StateOption = None,
) -> None:
    """Write what the journal holds in another format.

    Exit code 1: there is no journal, it cannot be read, FILE is there already, or what the format needs is not
    installed. What cannot be read is told on standard error and left out.
    """
    from daemon.journal.export import FORMATS, writer_of
    from daemon.journal.rows import Reader, Span, open_journal

    if form not in FORMATS:
        raise typer.BadParameter(f"found {form!r}, expected {' or '.join(FORMATS)}", param_hint="--format")
    span = Span(0, instant(since, "--since") if since else None, instant(until, "--until") if until else None)
    with saying_why_not():
        write = writer_of(form)
        connection = open_journal(find_journal(file, state))
        reader = Reader(connection)
        with _output(out) as sink, progress("exporting the journal") as tell:
            count = write(reader, span, sink, tell)
        connection.close()
    _say_problems(reader)
    if out is not None:
        typer.echo(f"{out}: {count} items", err=True)


@app.command()
def verify(
    held: Annotated[
        list[str] | None,
        typer.Option("--held", help="A record of the audit that was noted elsewhere, as the log tells it; repeatable."),
    ] = None,
    anchors: Annotated[
        Path | None, typer.Option("--anchors", help="The file of anchors; by default the one beside the journal.")
    ] = None,
    file: FileOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Look for what is not as it was written: damaged pages and readings; altered, deleted, reordered, cut off records.

    What people did and what was decided is a chain of records, each with the hash of all before it. Where the chain
    stood is written once a minute to a file beside the journal and to the log. Who can change journal, file and log can
    change the past: keep the log on another machine, or note what this command prints, and ask --held with it.

    Exit code 1: something was found, or there is no journal.
    """
    from daemon.journal.verify import held_of
    from daemon.journal.verify import verify as look_through

    try:
        known = list(held_of(held or ()))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--held") from None
    path = find_journal(file, state)
    beside = anchors or (path.with_name(ANCHORS) if file is None else None)
    with saying_why_not(), progress("verifying the journal") as tell:
        found = look_through(path, beside, known, tell)
    show_json(found) if json else show(_verdict(found, lang or default_lang()))
    raise typer.Exit(0 if found.whole else EXIT_REFUSED)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A new file.", metavar="FILE")],
    file: FileOption = None,
    state: StateOption = None,
) -> None:
    """Copy the journal to FILE, whole and as of one instant, while the daemon writes on.

    To go back to it: stop the daemon, put it in the place of journal.db, delete journal.db-wal and journal.db-shm.

    Exit code 1: FILE is there already, there is no journal, or no room.
    """
    from daemon.journal.backup import backup as copy

    with saying_why_not(), progress("copying the journal") as tell:
        size = copy(find_journal(file, state), target, tell)
    typer.echo(f"{target}: {size / 1e6:.1f} MB", err=True)


@contextmanager
def saying_why_not() -> Iterator[None]:
    """What is wrong with a journal or a file ends the command with exit code 1."""
    import sqlite3

    from daemon.journal.backup import BackupFailed
    from daemon.journal.export import NotInstalled
    from daemon.journal.rows import NoJournal

    try:
        yield
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None
    except (NoJournal, NotInstalled, BackupFailed, sqlite3.Error, OSError) as error:
        refuse(str(error))


def find_journal(file: Path | None, state: Path | None) -> Path:
    """The journal's file that the options name."""
    return file or (state or Path(os.environ.get("STATE_DIRECTORY", "state").split(":")[0])) / DATABASE


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with path.open("xb") as sink:
        yield sink


def _say_problems(reader: "Reader") -> None:
    for problem in reader.problems:
        typer.echo(f"tocsin: {problem}", err=True)


def _lines(found: "Info", lang: Lang) -> Iterator[Text]:
    for name, value in _pairs(found, lang):
        yield Text.assemble((f"{name}: ", "bold"), value)


def _pairs(found: "Info", lang: Lang) -> Iterator[tuple[str, str]]:
    yield pick(("file", "文件"), lang), f"{found.path} ({found.bytes / 1e6:.1f} MB)"
    yield pick(("schema", "格式版本"), lang), str(found.schema)
    if found.first_wall is None or found.last_wall is None:
        yield pick(("rows", "行数"), lang), pick(("none yet", "尚无"), lang)
        return
    yield pick(("rows", "行数"), lang), f"{found.rows}"
    yield pick(("from", "起"), lang), _local(found.first_wall)
    yield pick(("to", "止"), lang), _local(found.last_wall)
    yield pick(("signals so far", "累计信号"), lang), str(found.signals)
    yield pick(("last decision", "最后决定编号"), lang), str(found.decisions)
    yield pick(("records of the audit", "审计记录"), lang), str(found.records)
    if found.readings_since is not None:
        thinned = pick((f", thinned up to row {found.thinned}", f", 至第 {found.thinned} 行已精简"), lang)
        since = _local(found.readings_since) + (thinned if found.thinned else "")
        yield pick(("readings since", "读数起自"), lang), since
    yield pick(("runs of the daemon", "运行次数"), lang), str(found.runs)
    if found.per_day is not None:
        yield pick(("written to the disk a day", "每日写入"), lang), f"{found.per_day / 1e6:.0f} MB"


def _verdict(found: "Verdict", lang: Lang) -> Iterator[Text]:
    for one in found.findings:
        place = pick(("journal", "日志"), lang) if one.row is None else f"{pick(('row', '行'), lang)} {one.row}"
        yield Text.assemble((f"{place}: ", "bold red"), one.what)
    rows = pick((f"{found.rows} rows, {found.records} records", f"{found.rows} 行, {found.records} 条记录"), lang)
    held = pick((f"{found.anchors} anchors", f"{found.anchors} 个锚点"), lang)
    if found.unchained:
        rows += pick((f", {found.unchained} rows from before there was a chain", f", {found.unchained} 行无链"), lang)
    whole = pick(("whole", "完整"), lang) if found.whole else pick(("NOT WHOLE", "不完整"), lang)
    yield Text.assemble((f"{whole}: ", "bold" if found.whole else "bold red"), f"{rows}, {held}")
    yield Text(f"{pick(('last record', '最后记录'), lang)}: {found.head}")


def _local(wall: float) -> str:
    return datetime.fromtimestamp(wall).astimezone().isoformat(timespec="seconds")
