"""The files that the daemon starts with."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from config.files import VENUE, FileSet
from config.load import load_files
from config.problem import ConfigError
from config.setup import Setup
from daemon.reload_words import refusal
from daemon.rule_sets import RuleSets
from rules.engine import Engine
from rules.plan import Plan
from rules.reload import in_the_way

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """The files that the daemon starts with. `refused` says why they are the last good ones and not the directory's;
    `waits_for` are the ids of alarms and evacuations that are in the way of the directory's. `safe_mode` says why the
    built-in rules are in force, and not those of `setup`.
    """

    setup: Setup
    found: FileSet
    directory: Path
    overrides: tuple[str, ...] = ()
    refused: str = ""
    waits_for: frozenset[str] = frozenset()
    safe_mode: str = ""


def going_on(start: Start, engine: Engine, sets: RuleSets) -> Start:
    """The start with files under which all that is up in `engine`, as it was recovered, can go on: the given ones, or
    those in force before, with the reason why.
    """
    found = in_the_way(engine, start.setup.plan)
    before = sets.find(engine.rules) if found else None
    if before is None:
        return start
    before = msgspec.structs.replace(before, overrides=start.overrides)
    try:
        setup = load_files(before)
    except ConfigError as error:
        _log.error("the rules in force before cannot be used any more: %s", error.problems[0])
        return start
    if setup.digest == engine.rules:  # and not with other overrides
        setup = replace(setup, plan=engine.plan)
    text = refusal(in_the_files(start.found, found), len(found))
    _log.error("starting with the files that were in force before: %s", text)
    return replace(start, setup=setup, found=before, refused=text, waits_for=frozenset(found))


def plan_kept(sets: RuleSets, digest: str) -> Plan | None:
    """The plan of the set with that digest; None when it is not kept any more, or this program refuses it."""
    found = sets.find(digest)
    try:
        return None if found is None else load_files(found).plan
    except ConfigError as error:
        _log.warning("the rules %s that were in force are refused by this program: %s", digest, error.problems[0])
        return None


def in_the_files(found: FileSet, in_way: dict[str, str]) -> tuple[str, ...]:
    """What is in the way of files, as problems of these files."""
    return tuple(f"{found.path(VENUE)}:1:1: {text}" for text in in_way.values())
