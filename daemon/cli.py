"""The command `tocsin`: one table of all commands. What a command needs is imported when it is called, not before."""

import importlib
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Entry(NamedTuple):
    """Where a command is, "module:function", and what the list of commands says of it."""

    target: str
    panel: str
    help: str


_TRY, _RUN, _WORK = "Try it", "Run a venue", "Work on the rules"
_ASK, _ORDER = "Ask the daemon", "Tell the daemon"

COMMANDS: dict[str, Entry] = {
    "demo": Entry("simulators.commands:demo", _TRY, "A karaoke venue, alive in this terminal; then a fire starts."),
    "simulate": Entry("simulators.commands:simulate", _TRY, "Play a scenario on real wires to a daemon."),
    "run": Entry("daemon.terminal.run_command:run", _RUN, "Run the daemon for the venue in a directory."),
    "check": Entry("config.commands:check", _RUN, "Check a venue's files; say every problem with file and line."),
    "matrix": Entry("config.commands:matrix", _RUN, "Cause and effect, as a fire inspector reads it: CSV or HTML."),
    "schema": Entry("config.commands:schema", _RUN, "Print the JSON Schema of the venue's or the rules' files."),
    "test": Entry("workbench.commands:run_tests", _WORK, "Run the tests of the rules, in virtual time."),
    "evaluate": Entry("workbench.fires.commands:evaluate", _WORK, "Play recordings of real fires to the fire rules."),
    "top": Entry("daemon.terminal.commands:top", _ASK, "Watch the venue live: zones, alarms, faults, links."),
    "status": Entry("daemon.terminal.commands:status", _ASK, "The daemon and the venue at a glance."),
    "alarms": Entry("daemon.terminal.commands:alarms", _ASK, "Alarms that are not normal, worst first."),
    "zones": Entry("daemon.terminal.commands:zones", _ASK, "All zones with their tiers."),
    "devices": Entry("daemon.terminal.commands:devices", _ASK, "All devices and what they said last."),
    "faults": Entry("daemon.terminal.commands:faults", _ASK, "Devices, links and parts of Tocsin that are not well."),
    "outbox": Entry("daemon.terminal.outbox_command:outbox", _ASK, "What has still to be told, to whom, and why."),
    "why": Entry(
        "daemon.terminal.why_commands:why", _ASK, "Why an alarm is as it is: conditions, values, delays, people."
    ),
    "why-not": Entry(
        "daemon.terminal.why_commands:why_not", _ASK, "Why a rule raised no alarm, now or at a time of the past."
    ),
    "events": Entry("daemon.terminal.commands:events", _ASK, "Follow what is decided, line by line, until Ctrl-C."),
    "journal": Entry("daemon.terminal.journal_commands:app", _RUN, "Look at the journal: info, export, whole or not."),
    "reload": Entry("daemon.terminal.reload_command:reload", _RUN, "Take up the venue's files without a restart."),
    "ack": Entry("daemon.terminal.order_commands:ack", _ORDER, "Acknowledge an alarm: a person has seen it."),
    "silence": Entry(
        "daemon.terminal.order_commands:silence", _ORDER, "Stop the sounder for one alarm, or for all that stand."
    ),
    "reset": Entry("daemon.terminal.order_commands:reset", _ORDER, "End a latched alarm whose cause is gone."),
    "shelve": Entry(
        "daemon.terminal.aside_commands:shelve", _ORDER, "Put a nuisance out of view for a time; never a fire."
    ),
    "unshelve": Entry("daemon.terminal.aside_commands:unshelve", _ORDER, "Take a shelved alarm back into view."),
    "out-of-service": Entry(
        "daemon.terminal.aside_commands:out_of_service", _ORDER, "Disable a device that is worked on."
    ),
    "in-service": Entry("daemon.terminal.aside_commands:in_service", _ORDER, "Take a device back into service."),
    "evacuate": Entry("daemon.terminal.order_commands:evacuate", _ORDER, "Put an evacuation plan in force, at once."),
    "advance": Entry("daemon.terminal.order_commands:advance", _ORDER, "Begin the next stage of an evacuation now."),
    "duty": Entry("daemon.terminal.order_commands:duty", _ORDER, "Say that somebody is on duty, or that nobody is."),
    "show": Entry(
        "daemon.terminal.order_commands:show_mode", _ORDER, "Announce stage haze in a zone, for a time, or end it."
    ),
    "all-clear": Entry("daemon.terminal.order_commands:all_clear", _ORDER, "End an evacuation. Only a person can."),
}

_HELP = """Tocsin: the alarm daemon of a venue. It supplements the certified fire panel and never replaces it.

Exit codes:
0  done
1  bad configuration, or the order was refused
2  wrong usage
3  another daemon holds the state
4  no daemon answers
"""


class LazyCommand(TyperCommand):
    """Stands in the list of commands under its help line; becomes the real command when it is called or completed."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=entry.help, rich_help_panel=entry.panel)
        self._target = entry.target

    def make_context(self, *args: Any, **options: Any) -> Any:
        return load(self._target, self.name).make_context(*args, **options)


def load(target: str, name: str | None) -> Any:
    """Imports "module:function" and makes a command of its signature; a typer.Typer is a group of commands."""
    module, _, function = target.partition(":")
    found = getattr(importlib.import_module(module), function)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    app = typer.Typer(add_completion=False)
    app.command(name)(found)
    return typer.main.get_command(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata  # takes as long as all the rest of this file

        print(f"tocsin {importlib.metadata.version('tocsin')}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def make_group() -> TyperGroup:
    """The whole command line, nothing of it imported."""
    app = typer.Typer(no_args_is_help=True)
    app.callback(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})(_options)
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for name, entry in COMMANDS.items():
        group.add_command(LazyCommand(name, entry))
    return group


def main(args: Sequence[str] | None = None) -> None:
    """Runs `tocsin` with these arguments, by default those of the process. Always ends by SystemExit."""
    make_group().main(args, prog_name="tocsin")


if __name__ == "__main__":
    main()
