"""The command line as a person meets it: a process, its words, its exit code."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.cli import COMMANDS, load
from daemon.core import Event, OwedDelivery
from rules.decision import Acknowledged, Because, ReportFault
from rules.overlay import Overlay
from rules.signal import (
    Acknowledge,
    AdvanceEvacuation,
    AllClear,
    Duty,
    EndShow,
    InService,
    OrderEvacuation,
    OutOfService,
    Reset,
    Shelve,
    Silence,
    StartShow,
    Unshelve,
)
from rules.status import DutyStatus, EvacuationStatus, ShowStatus
from rules.tier import Tier
from tests.daemon.fake_core import FakeCore, alarm
from tests.daemon.served import served

LIMIT_S = 60
PLAIN = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "USER": "lin", "HOME": "/nonexistent"}


async def tocsin(*args: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Exit code, output and errors of `tocsin ARGS`, without a terminal."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "daemon.cli", *args),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**PLAIN, **(env or {})},
    )
    out, errors = await asyncio.wait_for(process.communicate(), LIMIT_S)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    return tmp_path / "api.sock"


async def test_help_lists_every_command_and_the_exit_codes() -> None:
    """A newcomer sees all there is, with one line each, and what a script may rely on."""
    code, out, _ = await tocsin("--help")
    assert code == 0
    for name, entry in COMMANDS.items():
        assert name in out and entry.help.split()[0] in out
    for line in ("0  done", "1  bad configuration, or the order was refused", "4  no daemon answers"):
        assert line in out


@pytest.mark.parametrize("args", [["--help"], ["status", "--help"], ["ack", "--help"]])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    """Help is quick because neither the web framework nor the terminal framework nor any driver is imported."""
    heavy = "{'starlette','uvicorn','textual','paho','serial','yaml','sqlite3','rules','drivers','simulators'}"
    code = f"""
import sys
from daemon.cli import main
try:
    main({args!r})
except SystemExit:
    print(sorted({heavy} & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LIMIT_S, env=PLAIN
    )
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_is_there(name: str) -> None:
    """Each line of the table leads to a function that makes a command, with a help text of its own."""
    assert load(COMMANDS[name].target, name).help


async def test_version() -> None:
    """`tocsin --version` names the program and its version."""
    code, out, _ = await tocsin("--version")
    assert code == 0 and out.startswith("tocsin 0.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_each_shell(shell: str, tmp_path: Path) -> None:
    """`--show-completion` prints a script for the shell, `--install-completion` puts one in the person's home."""
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "HOME": str(tmp_path)}
    code, out, _ = asyncio.run(tocsin("--show-completion", shell, env=named))
    assert code == 0 and "_TOCSIN_COMPLETE" in out
    code, _, errors = asyncio.run(tocsin("--install-completion", shell, env=named))
    assert code == 0, errors
    assert any("_TOCSIN_COMPLETE" in file.read_text() for file in tmp_path.rglob("*") if file.is_file())


async def complete(words: str, socket: Path | None = None) -> set[str]:
    """What Tab offers in bash after these words."""
    number = len(words.split(" ")) - 1
    asked = {"_TOCSIN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(number)}
    if socket is not None:
        asked["STATE_DIRECTORY"] = str(socket.parent)
    _, out, _ = await tocsin(env=asked)
    return set(out.split())


async def test_tab_offers_commands_options_and_standing_alarms(socket: Path) -> None:
    """Tab knows the commands, the options of each, and what stands right now; without a daemon it offers nothing."""
    assert {"status", "simulate", "silence", "schema", "shelve", "show"} == await complete("tocsin s")
    assert "--json" in await complete("tocsin status --")
    core = FakeCore(standing=[alarm(), alarm("det-306")])
    async with served(core, socket):
        assert await complete("tocsin ack ", socket) == {"smoke@det-305", "smoke@det-306"}
        assert await complete("tocsin evacuate w", socket) == {"whole-building"}
    assert await complete("tocsin ack ", socket) == set()


@pytest.mark.parametrize("command", [["status"], ["top"], ["events"], ["ack", "x", "--why", "y"], ["alarms", "--json"]])
async def test_without_a_daemon_the_exit_code_is_4(socket: Path, command: list[str]) -> None:
    """A script can tell a daemon that is down from a venue that is calm."""
    code, out, errors = await tocsin(*command, "--socket", str(socket))
    assert (code, out) == (4, "")
    assert f"is the daemon running? looked at {socket}" in errors


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["statu"], "Did you mean 'status'"),
        (["ack"], "Missing argument"),
        (["ack", "x"], "say why"),
        (["status", "--lang", "fr"], "en"),
        (["duty", "maybe"], ": found 'maybe', expected on or off"),
        (["show", "begin", "stage"], ": found 'begin', expected start or end"),
    ],
)
async def test_wrong_usage_is_2(args: list[str], words: str) -> None:
    """Usage errors say what is missing or misspelt; an order without a reason is one, not a prompt in a script."""
    code, _, errors = await tocsin(*args)
    assert code == 2
    assert words in errors


async def test_status_for_people_and_for_programs(socket: Path) -> None:
    """The same facts, as text without colours when piped, and as JSON."""
    core = FakeCore(standing=[alarm(tier=Tier.RED)], tiers={"ktv": Tier.RED})
    core.evacuating = [EvacuationStatus("whole-building-1", "whole-building", ("ktv",), "room-305", 95.0)]
    async with served(core, socket):
        _, out, _ = await tocsin("status", "--socket", str(socket))
        code, raw, _ = await tocsin("status", "--json", "--socket", str(socket))
        _, chinese, _ = await tocsin("status", "--lang", "zh", "--socket", str(socket))
    assert code == 0
    assert "Starlight KTV RED" in out and "EVACUATION IN FORCE" in out and "smoke@det-305" in out
    assert "\x1b" not in out
    told = json.loads(raw)
    assert told["tier"] == "red" and told["evacuations"] == ["whole-building-1"]
    assert "星光KTV 红色" in chinese and "疏散进行中" in chinese


@pytest.mark.parametrize("command", ["alarms", "zones", "devices", "faults"])
async def test_each_list_has_json(socket: Path, command: str) -> None:
    """Every read can be piped into a program."""
    core = FakeCore(standing=[alarm()])
    async with served(core, socket):
        code, out, _ = await tocsin(command, "--socket", str(socket))
        _, raw, _ = await tocsin(command, "--json", "--state", str(socket.parent))
    assert code == 0 and out.strip()
    assert isinstance(json.loads(raw), list)


async def test_the_outbox_is_listed_and_a_delivery_given_up(socket: Path) -> None:
    """Who is owed what and why, as a table and as JSON; a discard names who and why; refused is exit code 1."""
    raised = Event(7, 1.79e9, ReportFault(40.0, "broker", "down", "refused"))
    core = FakeCore(owing=[OwedDelivery("horn", raised, "run-7", 3, "unconfirmed", "no confirmation within 1 s")])
    at = ("--socket", str(socket))
    async with served(core, socket):
        code, out, _ = await tocsin("outbox", *at)
        _, raw, _ = await tocsin("outbox", "--json", *at)
        gone = ("outbox", "--discard", "run-7", "--output", "horn", "--role", "engineer")
        asked, _, _ = await tocsin(*gone, *at)
        done, _, _ = await tocsin(*gone, "--why", "horn is gone", *at)
        core.refuse = "in force"
        refused, _, errors = await tocsin(*gone, "--why", "horn is gone", *at)
    assert (code, asked, done, refused) == (0, 2, 0, 1)
    assert "horn owes 1" in out and "1 min 0 s" in out and "nobody confirmed" in out and "run-7" in out
    assert json.loads(raw)["deliveries"][0]["tries"] == 3
    assert core.discarded[0] == ("horn", "run-7", "lin", "horn is gone", "engineer")
    assert "refused: in force" in errors


async def test_top_without_a_terminal_prints_one_picture(socket: Path) -> None:
    """`tocsin top | mail` works: the grid of rooms with letters, the alarms, and the end."""
    core = FakeCore(standing=[alarm()], tiers={"room-305": Tier.ORANGE, "floor-3": Tier.ORANGE})
    async with served(core, socket):
        code, out, _ = await tocsin("top", "--socket", str(socket))
    assert code == 0
    assert "Floor 3O" in out and "305O" in out and "306 " in out and "Corridor 3" in out
    assert max(len(line.rstrip()) for line in out.splitlines() if line.startswith("Floor")) <= 80


async def test_an_order_is_told_and_shown(socket: Path) -> None:
    """`ack` sends who (the user by default) and why, and prints what came of it."""
    because = (Because(100.0, "lin", "seen"),)
    core = FakeCore(standing=[alarm()])
    core.answer = (
        Acknowledged(
            100.0, "smoke@det-305", "smoke", "det-305", "room-305", "fire", Tier.ORANGE, "acked", True, because
        ),
    )
    async with served(core, socket):
        code, out, _ = await tocsin("ack", "smoke@det-305", "--why", "seen", "--socket", str(socket))
    assert code == 0
    assert core.orders == [Acknowledge(100.0, "smoke@det-305", "lin", "seen")]
    assert "ACK" in out and "ORANGE" in out and "smoke@det-305" in out


async def test_duty_and_shows_are_told(socket: Path) -> None:
    """`duty off`, `show start ZONE --for 2h` and `show end ZONE` say what they mean, and how long."""
    core = FakeCore()
    at = ("--socket", str(socket))
    async with served(core, socket):
        assert (await tocsin("duty", "off", *at))[0] == 0
        start = ("show", "start", "stage", "--role", "commander", "--why", "haze", *at)
        assert (await tocsin(*start, "--for", "2h"))[0] == 0
        assert (await tocsin("show", "end", "stage", *at))[0] == 0
        code, _, errors = await tocsin(*start, "--for", "2")
    assert code == 2 and "such as 90m or 2h" in errors
    assert core.orders == [
        Duty(100.0, False, "lin", "told at the terminal"),
        StartShow(100.0, "stage", 7200.0, "lin", "haze", "commander"),
        EndShow(100.0, "stage", "lin", "the show is over"),
    ]


async def test_status_shows_who_is_there_and_what_is_on(socket: Path) -> None:
    """Duty in words, an empty desk in plain sight, and a show with the time that is left."""
    core = FakeCore(
        attended=DutyStatus(False, 40.0, "lin", "going home"),
        showing=[ShowStatus("stage", 40.0, 160.0, "wu", "concert")],
    )
    async with served(core, socket):
        _, english, _ = await tocsin("status", "--lang", "en", "--socket", str(socket))
        _, chinese, _ = await tocsin("status", "--lang", "zh", "--socket", str(socket))
        core.attended = DutyStatus(True, 40.0, "schedule staff", "is active")
        _, staffed, _ = await tocsin("status", "--lang", "en", "--socket", str(socket))
    assert "duty NOBODY: no alarm waits  lin: going home" in english
    assert "SHOW MODE Stage: 1 min 0 s left  wu: concert" in english
    assert "值班 无人" in chinese and "演出模式 舞台：还剩 1分0秒" in chinese
    assert "duty somebody  schedule staff: is active" in staffed


async def test_what_is_put_aside_and_taken_back(socket: Path) -> None:
    """`shelve`, `unshelve`, `out-of-service` and `in-service` say on what and for how long; never without an end."""
    core = FakeCore()
    at = ("--why", "painting", "--role", "engineer", "--socket", str(socket))
    async with served(core, socket):
        for told in (
            ("shelve", "hum@meter-1", "--for", "1h"),
            ("shelve", "hum@meter-1", "--once"),
            ("shelve", "hum@meter-1", "--once", "--for", "30m"),
            ("unshelve", "hum@meter-1"),
            ("out-of-service", "det-305", "--for", "4h"),
            ("in-service", "det-305"),
        ):
            assert (await tocsin(*told, *at))[0] == 0
        assert (await tocsin("shelve", "hum@meter-1", *at))[0] == 2
        assert (await tocsin("out-of-service", "det-305", *at))[0] == 2
    assert core.orders == [
        Shelve(100.0, "hum@meter-1", 3600.0, False, "lin", "painting", "engineer"),
        Shelve(100.0, "hum@meter-1", 0.0, True, "lin", "painting", "engineer"),
        Shelve(100.0, "hum@meter-1", 1800.0, True, "lin", "painting", "engineer"),
        Unshelve(100.0, "hum@meter-1", "lin", "painting", "engineer"),
        OutOfService(100.0, "det-305", 14400.0, "lin", "painting", "engineer"),
        InService(100.0, "det-305", "lin", "painting", "engineer"),
    ]


async def test_a_refusal_names_what_could_be_taken_back(socket: Path) -> None:
    """Who mistypes what is out of service is told what is."""
    aside = Overlay("out_of_service", 40.0, 160.0, "chen", "painting")
    hidden = alarm(tier=Tier.NONE, state="normal", overlays=(aside,))
    shelved = alarm("det-306", tier=Tier.NONE, state="normal", overlays=(Overlay("shelved", 40.0, 160.0, "chen", "x"),))
    core = FakeCore(standing=[hidden, shelved], refuse="there is no such alarm")
    at = ("--why", "x", "--socket", str(socket))
    async with served(core, socket):
        _, _, devices = await tocsin("in-service", "dt-305", *at)
        _, _, alarms = await tocsin("unshelve", "nothing", *at)
        _, _, any_target = await tocsin("out-of-service", "dt-305", "--for", "1h", *at)
    assert "Did you mean det-305" in devices
    assert "There are: smoke@det-306" in alarms
    assert "Did you mean det-305" in any_target


async def test_status_and_alarms_list_what_is_out_of_view(socket: Path) -> None:
    """Who put it aside, why, until when and what it stands at; `alarms` has it under those that are in view."""
    overlays = (
        Overlay("shelved", 40.0, 160.0, "chen", "known heater", True),
        Overlay("suppressed", 50.0, None, "supply-lost@meter-1", "it explains it"),
    )
    hidden = alarm(tier=Tier.NONE, state="normal", sounding=False, standing=Tier.YELLOW, overlays=overlays)
    core = FakeCore(standing=[hidden], flood=40.0)
    async with served(core, socket):
        _, status, _ = await tocsin("status", "--lang", "en", "--socket", str(socket))
        _, alarms, _ = await tocsin("alarms", "--lang", "en", "--socket", str(socket))
        _, chinese, _ = await tocsin("alarms", "--lang", "zh", "--socket", str(socket))
    assert "out of view 1 shelved, 1 suppressed" in status and "FLOOD OF ALARMS since" in status
    for told in (status, alarms):
        assert "No alarm stands." in told
        assert re.search(r"smoke@det-305  shelved +YELLOW +[0-9: -]+ or its return +chen +known heater", told)
        assert re.search(r"smoke@det-305  suppressed +YELLOW +supply-lost@meter-1 +it explains it", told)
    assert "搁置" in chinese and "抑制" in chinese


async def test_who_may_be_given(socket: Path) -> None:
    """One terminal serves several people: --who and --role win over user and environment; `silence` alone means all."""
    core = FakeCore()
    async with served(core, socket):
        await tocsin("silence", "--who", "wang", "--why", "heard", "--socket", str(socket))
        await tocsin("evacuate", "whole-building", "--why", "smoke", "--socket", str(socket), env={"SUDO_USER": "chen"})
        duty = {"TOCSIN_ROLE": "commander"}
        await tocsin("all-clear", "whole-building-1", "--why", "out", "--socket", str(socket), env=duty)
        await tocsin("advance", "whole-building-1", "--why", "stairs are free", "--socket", str(socket), env=duty)
        await tocsin("reset", "x", "--why", "dust", "--role", "engineer", "--socket", str(socket), env=duty)
    assert core.orders == [
        Silence(100.0, "", "wang", "heard"),
        OrderEvacuation(100.0, "whole-building", "chen", "smoke"),
        AllClear(100.0, "whole-building-1", "lin", "out", "commander"),
        AdvanceEvacuation(100.0, "whole-building-1", "lin", "stairs are free", "commander"),
        Reset(100.0, "x", "lin", "dust", "engineer"),
    ]


async def test_a_refused_order_is_1_and_names_the_nearest(socket: Path) -> None:
    """A mistyped alarm gets the engine's reason and the alarm that was probably meant."""
    core = FakeCore(standing=[alarm(), alarm("det-120")], refuse="there is no such alarm")
    async with served(core, socket):
        code, out, errors = await tocsin("ack", "smok@det-305", "--why", "seen", "--socket", str(socket))
        _, _, plans = await tocsin("evacuate", "cellar", "--why", "fire", "--socket", str(socket))
    assert (code, out) == (1, "")
    assert "refused: there is no such alarm" in errors and "Did you mean smoke@det-305" in errors
    assert "There are: whole-building" in plans


async def test_events_follow_until_interrupted(socket: Path) -> None:
    """Each decision is one line as it happens, JSON if asked, and Ctrl-C is a normal end."""
    core = FakeCore()
    async with served(core, socket):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "daemon.cli", "events", "--json", "--socket", str(socket)),
            stdout=asyncio.subprocess.PIPE,
            env=PLAIN,
        )
        async with asyncio.timeout(LIMIT_S):
            await core.joined.wait()
            core.tell(Event(7, 1.79e9, ReportFault(100.0, "broker", "down", "refused")))
            assert process.stdout is not None
            event = json.loads(await process.stdout.readline())
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0
    assert (event["id"], event["kind"], event["code"]) == (7, "report_fault", "down")


async def test_events_end_with_the_daemon(socket: Path) -> None:
    """When the daemon ends, the follower ends with exit code 4, so that a supervisor starts it again."""
    core = FakeCore()
    async with served(core, socket):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "daemon.cli", "events", "--socket", str(socket)),
            stderr=asyncio.subprocess.PIPE,
            env=PLAIN,
        )
        async with asyncio.timeout(LIMIT_S):
            await core.joined.wait()
    _, errors = await asyncio.wait_for(process.communicate(), LIMIT_S)
    assert process.returncode == 4
    assert b"ended the event stream" in errors
