"""Other rules for a daemon that runs, with a real broker: nothing that stands is lost, and no file can harm it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from daemon.client import DaemonClient, FaultView, ReloadView
from tests.broker import Mosquitto
from tests.daemon.test_daemon_process import WITHIN_S, Daemon, Field

VENUE = """\
venue: {{id: hall, name: {{en: Hall}}, time_zone: Asia/Shanghai}}
rules: [stock:panic, stock:fire, rules/house.yaml]
links:
  - {{id: broker, kind: mqtt, host: 127.0.0.1, port: {port}, drivers: [{{kind: tocsin, prefix: tocsin}}]}}
zones:
  - {{id: foyer, kind: room, name: {{en: Foyer}}}}
  - {{id: bar, kind: room, name: {{en: Bar}}}}
devices:
  - {{id: call-1, kind: call_point, zone: foyer, link: broker, driver: tocsin, quantities: [contact], stale_after: 1h}}
  - {{id: meter-1, kind: power_meter, zone: foyer, link: broker, driver: tocsin, quantities: [voltage]}}
outputs:
  - {{id: broker, kind: mqtt, link: broker, prefix: tocsin}}
  - {{id: log, kind: log}}
evacuation_plans:
  - {{id: whole-building, zones: [hall], message: {{en: Leave}}, assembly_point: {{en: Park}}}}
"""
LOW = """\
rules:
  - id: low
    category: power
    each: device
    devices: {quantity: voltage}
    tiers:
      - {tier: yellow, when: voltage < 200, clear: voltage > 210, on_delay: 60s}
"""
HIGH = """\
  - id: high
    category: power
    each: device
    devices: {quantity: voltage}
    tiers:
      - {tier: yellow, when: voltage > 250}
"""
CALL = """\
  - id: call
    category: fire
    each: device
    devices: {kind: call_point}
    latching: true
    evacuate: {plan: other}
    tiers:
      - {tier: red, when: contact}
"""
QUICK = LOW.replace("60s", "1s")
BROKEN = LOW.replace("voltage < 200", "voltag < 200")

CHECKED_WITHIN_S = 60.0  # a check steps back behind everything else, and a busy machine lets it wait


def until(what: str, condition: Callable[[], bool]) -> None:
    """Ask again and again, but not for ever."""
    end, pause = time.monotonic() + CHECKED_WITHIN_S, threading.Event()
    while not condition():
        assert time.monotonic() < end, f"not within {CHECKED_WITHIN_S} s: {what}"
        pause.wait(0.05)


class House(Daemon):
    """A daemon whose rules a test changes, and a meter that it speaks for."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, port)
        self.folder = folder
        (self.venue / "venue.yaml").write_text(VENUE.format(port=port))
        (self.venue / "rules").mkdir()
        self.rules(LOW)
        self._port = port
        self._seq = 0

    def rules(self, text: str) -> None:
        """Save as an editor does: another file under the same name."""
        new = self.venue / "new"
        new.write_text(text)
        new.rename(self.venue / "rules" / "house.yaml")

    def started(self, **environment: str) -> "House":
        self.start(**environment)
        until("the link is up", self.up)
        return self

    def measure(self, volts: float) -> None:
        """The meter says so; returns when the daemon has it."""
        self._seq += 1
        message = json.dumps({"boot": f"m{self._seq}", "seq": 1, "readings": {"voltage": volts}})
        client = mqtt.Client(CallbackAPIVersion.VERSION2, "meter")
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        client.publish("tocsin/dev/meter-1/readings", message, 1).wait_for_publish(WITHIN_S)
        client.disconnect()
        client.loop_stop()

        def told() -> bool:
            with self.client() as client:
                return any(one.values.get("voltage") == volts for one in client.devices())

        until(f"{volts} V are heard", told)

    def reload(self, why: str = "") -> ReloadView:
        with DaemonClient(self.socket, timeout_s=60.0) as client:
            return client.reload(who="li", why=why)

    def hang_up(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def alarms(self) -> dict[str, str]:
        with self.client() as client:
            return {one.alarm: one.state for one in client.alarms()}

    def faults(self) -> dict[str, FaultView]:
        with self.client() as client:
            return {one.code: one for one in client.faults() if one.source == "tocsin/rules"}

    def in_force(self) -> str:
        with self.client() as client:
            return client.status().rules_in_force

    def order(self, order: str, target: str) -> None:
        with self.client() as client:
            client.order(order, target, who="li", why="test", role="commander")  # type: ignore[arg-type]  # a word of the cases

    def decided_for(self, alarm: str) -> list[str]:
        with sqlite3.connect(self.state / "journal.db") as connection:
            sql = "SELECT json_extract(body, '$.type') FROM decisions WHERE json_extract(body, '$.alarm') = ?"
            return [kind for (kind,) in connection.execute(sql, (alarm,))]


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    """Not started yet."""
    house = House(tmp_path, mosquitto.port)
    yield house
    house.close()


def test_a_delay_that_runs_is_retimed(house: House) -> None:
    """Pending for a minute by the old rule, over at once by the new; the command says so."""
    house.started().measure(150.0)
    assert house.alarms() == {"low@meter-1": "pending"}
    house.rules(QUICK)
    command = [sys.executable, "-m", "daemon.cli", "reload", "--socket", str(house.socket), "--why", "too slow"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=CHECKED_WITHIN_S, check=True).stdout
    assert "re-timed  low yellow on_delay: 60 s to 1 s, 1 running" in said
    until("the alarm is raised", lambda: house.alarms() == {"low@meter-1": "unack"})
    again = house.reload()
    assert (again.outcome, again.rules) == ("unchanged", house.in_force())
    with sqlite3.connect(house.state / "journal.db") as connection:
        (told,) = connection.execute(
            "SELECT body FROM legible WHERE kind = 'reloaded' ORDER BY commit_seq DESC LIMIT 1"
        ).fetchone()
    assert json.loads(told)[-2:] == [json.loads(told)[3], "too slow"]


def test_a_standing_alarm_outlives_a_reload_and_ends_with_its_rule(house: House) -> None:
    """Acknowledged before, acknowledged after; without its rule it is cleared aloud. By SIGHUP, both times."""
    house.rules(QUICK)
    house.started().measure(150.0)
    until("the alarm is raised", lambda: house.alarms() == {"low@meter-1": "unack"})
    house.order("acknowledge", "low@meter-1")
    before = house.in_force()
    house.rules(QUICK + HIGH)
    house.hang_up()
    until("other rules are in force", lambda: house.in_force() != before)
    assert house.alarms() == {"low@meter-1": "acked"}
    house.rules("rules:\n" + HIGH)
    report = house.reload()
    assert report.changes is not None and [one.rule for one in report.changes.dropped] == ["low"]
    assert report.changes.dropped[0].ended == 1
    assert house.alarms() == {}
    assert house.decided_for("low@meter-1") == ["raise", "acknowledged", "clear"]


AT_ONCE = "{id: whole-building, zones: [hall],"
PHASED = (
    AT_ONCE.replace("hall", "foyer, bar")
    + " phased: true, stages: [{id: first, zones: origin}, {id: last, zones: rest, after: 60s}],"
)


def put_in_force(house: House, field: Field) -> str:
    """Press the call point; the evacuation that follows."""
    field.press()
    assert field.triggered.wait(WITHIN_S)
    (evacuation,) = house.evacuations()
    return evacuation


def test_an_evacuation_and_its_alarm_outlive_a_reload(house: House, mosquitto: Mosquitto) -> None:
    """Neither ended nor announced anew by an edit; files without its rule or plan wait for the people's words, and are
    taken up then by themselves.
    """
    house.started()
    field = Field(mosquitto.port, confirm=True)
    try:
        evacuation = put_in_force(house, field)
        venue = house.venue / "venue.yaml"
        venue.write_text(venue.read_text().replace("Leave", "Go"))
        assert house.reload().outcome == "applied"
        assert house.evacuations() == [evacuation]
        assert house.decided("evacuate") == 1
        text = venue.read_text().replace("stock:panic, stock:fire", "stock:panic").replace("whole-building", "other")
        venue.write_text(text + "exempt: [{devices: [call-1], why: It is tested here.}]\n")
        report = house.reload()
        assert (report.outcome, report.count) == ("refused", len(report.problems))
        before = house.in_force()
        assert "plan 'whole-building' is in force and cannot go before the all-clear" in report.problems[0]
        assert any("@call-1 is up and would end with its rule or its place" in one for one in report.problems)
    finally:
        field.close()
    house.order("all-clear", evacuation)
    release(house, mosquitto)
    until("the files that waited are taken up", lambda: house.in_force() != before)
    assert house.faults() == {}
    assert house.evacuations() == []


def release(house: House, mosquitto: Mosquitto) -> None:
    """The call point is set back, and its alarms are reset by a person."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "reset")
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    message = json.dumps({"boot": "b2", "seq": 1, "readings": {"contact": False}})
    client.publish("tocsin/dev/call-1/readings", message, 1).wait_for_publish(WITHIN_S)
    client.disconnect()
    client.loop_stop()
    until("all alarms have ceased", lambda: set(house.alarms().values()) <= {"latched_unack", "latched_acked"})
    for alarm in house.alarms():
        house.order("acknowledge", alarm)
        house.order("reset", alarm)


def test_other_files_over_a_restart_do_not_end_what_people_must_end(house: House, mosquitto: Mosquitto) -> None:
    """Killed in mid-stage, started with files without the plan and the rule: the files of before go on, with a fault,
    and so do the stages; after the all-clear and the reset the new files are taken up.
    """
    venue = house.venue / "venue.yaml"
    venue.write_text(venue.read_text().replace(AT_ONCE, PHASED))
    house.started()
    field = Field(mosquitto.port, confirm=True)
    try:
        evacuation = put_in_force(house, field)
    finally:
        field.close()
    before, alarms = house.in_force(), house.alarms()
    with house.client() as client:
        (told,) = client.evacuations()
    assert told.next_stage == "last"
    house.kill()
    text = venue.read_text().replace("whole-building", "other")
    venue.write_text(text.replace("stock:panic, stock:fire, ", ""))
    house.rules(LOW + CALL)
    for _ in range(2):
        house.started()
        assert (house.in_force(), house.alarms()) == (before, alarms)
        with house.client() as client:
            (going_on,) = client.evacuations()
        assert (going_on.stage, going_on.next_stage, going_on.message) == (told.stage, "last", told.message)
        assert "plan 'whole-building' is in force" in house.faults()["refused"].text
        house.kill()
    house.started()
    house.order("advance", evacuation)
    assert house.decided("advance") == 1
    house.order("all-clear", evacuation)
    release(house, mosquitto)
    until("the files that waited are taken up", lambda: house.in_force() != before)
    assert house.faults() == {}


def test_a_broken_file_is_a_fault_and_a_press_still_evacuates(house: House, mosquitto: Mosquitto) -> None:
    """The watch finds it without being told; the fault names the place; a right file ends it."""
    before = house.started().in_force()
    house.rules(BROKEN)
    until("the file is refused", lambda: "refused" in house.faults())
    place = f"{house.venue}/rules/house.yaml:7:30: when: unknown quantity 'voltag'"
    assert house.faults()["refused"].text.startswith(place)
    assert house.in_force() == before
    field = Field(mosquitto.port, confirm=True)
    try:
        field.press()
        assert field.triggered.wait(WITHIN_S)
    finally:
        field.close()
    house.rules(BROKEN + HIGH.replace("voltage >", "volage >"))
    report = house.reload()
    assert (report.outcome, report.count, len(report.problems)) == ("refused", 2, 2)
    assert "(and 1 more" in house.faults()["refused"].text, "the fault tells what is wrong now"
    house.rules(QUICK)
    until("the fault is over", lambda: house.faults() == {})
    assert house.in_force() != before


def test_killed_right_after_a_reload(house: House) -> None:
    """The same alarms, the new rules, nothing told twice."""
    house.rules(QUICK)
    house.started().measure(150.0)
    until("the alarm is raised", lambda: house.alarms() == {"low@meter-1": "unack"})
    house.rules(LOW + HIGH)
    rules = house.reload().rules
    house.kill()
    house.started()
    assert house.in_force() == rules
    assert house.alarms() == {"low@meter-1": "unack"}
    house.measure(260.0)
    until("the new rule works", lambda: "high@meter-1" in house.alarms())
    assert house.decided_for("low@meter-1")[0] == "raise"
    assert house.decided_for("low@meter-1").count("raise") == 1


def test_killed_while_reloading_again_and_again(house: House) -> None:
    """Whenever it is killed, alarms and delays are there, and the rules are those of the files."""
    house.rules(QUICK)
    house.started().measure(150.0)
    until("the alarm is raised", lambda: house.alarms() == {"low@meter-1": "unack"})
    for number in range(3):
        house.rules(f"# {number}\n" + QUICK + (HIGH if number % 2 else ""))
        asking = threading.Thread(target=house.hang_up)
        asking.start()
        asking.join()
        threading.Event().wait(0.4 * number)
        house.kill()
        house.started()
        assert house.alarms() == {"low@meter-1": "unack"}
    assert house.decided_for("low@meter-1") == ["raise"]


def test_other_files_over_a_restart_are_a_reload(house: House) -> None:
    """What was heard under the old rules is gone through with them; the new ones look at what is known, once."""
    house.started().measure(230.0)
    house.measure(240.0)
    house.kill()
    house.rules(LOW + HIGH.replace("250", "235"))
    house.started()
    assert house.alarms() == {"high@meter-1": "unack"}
    house.kill()
    house.started()
    assert house.decided_for("high@meter-1") == ["raise"]
    assert house.faults() == {}


def test_a_broken_file_at_the_start_is_replaced_by_the_last_good_one(house: House) -> None:
    """With a fault that names the place, until the file is right; without a good one ever the daemon does not start."""
    house.rules(BROKEN)
    house.start()
    assert house.process is not None and house.process.wait(WITHIN_S) == 1
    house.rules(QUICK)
    rules = house.started().in_force()
    house.kill()
    house.rules(BROKEN)
    house.started()
    assert house.in_force() == rules
    assert "house.yaml:7:30" in house.faults()["refused"].text
    house.measure(150.0)
    until("the last good rules work", lambda: house.alarms() == {"low@meter-1": "unack"})
    house.rules(QUICK)
    assert house.reload().outcome == "unchanged"
    until("the fault is over", lambda: house.faults() == {})


def test_of_reloads_in_quick_succession_the_last_file_wins(house: House) -> None:
    """They wait their turn; none is lost between two others."""
    before = house.started().in_force()
    outcomes: list[str] = []
    asking = [threading.Thread(target=lambda: outcomes.append(house.reload().outcome)) for _ in range(4)]
    for number, one in enumerate(asking):
        house.rules(f"# {number}\n" + QUICK)
        one.start()
    house.hang_up()
    for one in asking:
        one.join(60)
    assert set(outcomes) <= {"applied", "unchanged"}
    assert house.reload().outcome == "unchanged"
    assert house.in_force() != before
    assert house.faults() == {}


@pytest.mark.parametrize(
    ("evil", "said"),
    [
        (
            "import os\nheld = []\ntry:\n    while True: held.append(bytes(1 << 20))\nexcept MemoryError: os._exit(77)",
            "needed more memory than it may",
        ),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGXCPU)", "took more processor time"),
    ],
)
def test_a_check_that_runs_wild_is_ended_and_reported(house: House, evil: str, said: str) -> None:
    """The limits hold whatever the child does; the daemon goes on with the rules it has."""
    wild = house.folder / "wild"
    wild.mkdir()
    body = "".join(f"    {line}\n" for line in evil.splitlines())
    (wild / "sitecustomize.py").write_text(f"import sys\nif 'config.apart_child' in sys.orig_argv:\n{body}")
    house.started().kill()  # files that are known to be good are not checked again
    before = house.started(PYTHONPATH=str(wild)).in_force()
    house.rules(QUICK)
    report = house.reload()
    assert report.outcome == "refused"
    assert said in report.problems[0]
    assert said in house.faults()["refused"].text
    assert house.in_force() == before
    (wild / "sitecustomize.py").unlink()
    assert house.reload().outcome == "applied"


def test_files_that_run_wild_at_the_first_start_end_it(house: House) -> None:
    """There is nothing else to start with: what ended the check is said, however long the daemon itself would take."""
    wild = house.folder / "wild"
    wild.mkdir()
    (wild / "sitecustomize.py").write_text(
        "import sys\nif 'config.apart_child' in sys.orig_argv:\n"
        "    import os, signal\n    os.kill(os.getpid(), signal.SIGXCPU)\n"
        "else:\n    import threading, config.load\n"
        "    config.load.load_files = lambda found: threading.Event().wait()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(wild)}
    ended = subprocess.run(
        house.command(), capture_output=True, text=True, timeout=CHECKED_WITHIN_S, env=environment, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "took more processor time" in ended.stderr


def test_a_stop_does_not_wait_for_a_check_that_hangs(house: House) -> None:
    """The child is ended with the daemon."""
    wild = house.folder / "wild"
    wild.mkdir()
    mark = wild / "hangs"
    (wild / "sitecustomize.py").write_text(
        "import sys\nif 'config.apart_child' in sys.orig_argv:\n    import os, pathlib, signal\n"
        f"    pathlib.Path({str(mark)!r}).write_text(str(os.getpid()))\n    signal.pause()\n"
    )
    house.started().kill()
    house.started(PYTHONPATH=str(wild))
    house.rules(QUICK)
    house.hang_up()
    until("the check hangs", lambda: mark.exists() and mark.read_text() != "")
    assert house.stop() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_what_needs_a_restart_is_refused_as_a_whole(house: House) -> None:
    """Also the rules beside it; a restart takes it all up."""
    before = house.started().in_force()
    venue = house.venue / "venue.yaml"
    venue.write_text(venue.read_text().replace("outputs:\n", "outputs:\n  - {id: again, kind: log}\n"))
    house.rules(QUICK)
    report = house.reload()
    assert (report.outcome, report.restart) == ("restart", ("output again is new",))
    assert house.faults()["restart"].text.startswith("output again is new: restart the daemon")
    assert house.in_force() == before
    assert house.stop() == 0
    house.started()
    assert house.faults() == {}
    assert house.in_force() != before
