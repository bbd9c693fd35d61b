"""A scenario played against a daemon that runs already."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from config.load import load
from daemon.client import AsyncDaemonClient
from simulators import scenario_file
from simulators.fleet import Fleet
from simulators.play import Fact, Play, Verdict
from simulators.stage import Clock, Stage
from simulators.tell import Lines, Teller, verdict_line
from simulators.wire import Broker

LIVE_S = 30.0  # a venue of which nothing was heard for so long is not open


class LiveVenue(Exception):
    """The daemon hears devices that are not ours."""


@dataclass(frozen=True)
class Result:
    """What came of a story."""

    scenario: str
    verdicts: tuple[Verdict, ...]
    failures: tuple[str, ...]  # steps that could not be carried out
    facts: tuple[Fact, ...]
    messages: int

    @property
    def passed(self) -> bool:
        return not self.failures and all(verdict.state == "met" for verdict in self.verdicts)

    def lines(self) -> list[str]:
        """For people, one line for each expectation and one for the whole."""
        lines = [verdict_line(verdict) for verdict in self.verdicts]
        lines += [verdict_line(Verdict("the story could be played", "failed", reason=text)) for text in self.failures]
        kept = sum(verdict.state == "met" for verdict in self.verdicts)
        outcome = "passed" if self.passed else "FAILED"
        return [
            *lines,
            f"{self.scenario}: {outcome}, {kept} of {len(self.verdicts)} kept, {self.messages} messages sent",
        ]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "scenario": self.scenario,
            "passed": self.passed,
            "messages": self.messages,
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "failures": list(self.failures),
            "facts": [asdict(fact) for fact in self.facts],
        }


async def play(
    name: str,
    config: Path,
    socket: Path,
    *,
    broker: Broker | None,
    settings: Sequence[str],
    say: Callable[[str], None],
    among_others: bool = False,
    teller: Teller | None = None,
) -> Result:
    """Play a story to its end. Unless `among_others`, only when no device reports to the daemon yet.

    Raises ConfigError, ClientError (no daemon), NoBroker, LiveVenue, OSError (a serial line cannot be made).
    """
    file = scenario_file.load(name)
    setup = load(config, settings)
    scenario_file.check(file, setup.plan)
    clock = Clock()
    fleet = Fleet(setup, clock.now, broker=broker)
    story = Play(file.scenario)
    stage = Stage(story, fleet, socket, clock, teller or Lines(say))
    if not among_others:
        await refuse_live_venue(socket)
    for device in fleet.not_simulated:
        say(f"{device} is not simulated; give its line a free path on both sides: --set links.ID.path=/path/of/port")
    say(f"{file.scenario.title.en} ({file.name}, {file.scenario.length:g} s, {len(fleet.devices)} devices)")
    await stage.perform()
    story.finish(clock.now())
    return Result(file.name, tuple(story.verdicts), tuple(stage.failures), tuple(story.facts), fleet.messages)


async def refuse_live_venue(socket: Path) -> None:
    """A story played into a real venue would lead real people out. Raises LiveVenue when a device was heard lately."""
    async with AsyncDaemonClient(socket) as client:
        now = (await client.status()).engine_time
        heard = {one.device: now - one.heard_at for one in await client.devices() if one.heard_at is not None}
    lately = sorted((age_s, device) for device, age_s in heard.items() if age_s < LIVE_S)
    if lately:
        age_s, device = lately[0]
        raise LiveVenue(
            f"{len(lately)} devices already report to this daemon, {device} {age_s:.0f} s ago. A story would be taken "
            f"for the truth and may lead people out. If they were simulated, wait {LIVE_S:g} s; to play all the same, "
            "say --among-others"
        )


def broker_at(text: str) -> Broker:
    """A broker written as HOST:PORT. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"--broker: found {text!r}, expected HOST:PORT such as 127.0.0.1:1883")
    return Broker(host.strip("[]"), int(port))
