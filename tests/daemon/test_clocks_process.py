"""The daemon as a process on a machine whose clocks are not what they were."""

import json
import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import Mosquitto
from tests.daemon.test_daemon_process import Daemon, Field, until

AWAY_S = 3600.0
STOPPED_S = 5.0


class Elsewhere(Daemon):
    """Started anew it finds other clocks: CLOCK_BOOTTIME further on, or another boot of the machine."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, port)
        self.prefix: list[str] = []

    def command(self) -> list[str]:
        return [*self.prefix, *super().command()]

    def further_on(self, seconds: float) -> None:
        """In a time namespace: the same boot, so many seconds later by the machine and not by the wall."""
        _need_root()
        self.prefix = ["unshare", "--time", f"--boottime={seconds:.0f}", "--kill-child"]

    def rebooted(self, folder: Path) -> None:
        """In a mount namespace with a boot id of its own."""
        _need_root()
        boot = folder / "boot_id"
        boot.write_text("11111111-2222-3333-4444-555555555555\n")
        script = f'mount --bind {boot} /proc/sys/kernel/random/boot_id && exec "$@"'
        self.prefix = ["unshare", "--mount", "--kill-child", "sh", "-c", script, "sh"]

    def faults(self) -> dict[str, str]:
        if not self.listens():
            return {}
        with self.client() as client:
            return {fault.code: fault.text for fault in client.faults()}


def _need_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("NOT RUN: other clocks for one process need root (unshare --time, --mount)")


@pytest.fixture
def elsewhere(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Elsewhere]:
    """Not started yet."""
    daemon = Elsewhere(tmp_path, mosquitto.port)
    yield daemon
    daemon.close()


def test_an_outage_is_measured_by_the_machine_and_a_moved_clock_is_told(elsewhere: Elsewhere) -> None:
    """An hour by CLOCK_BOOTTIME is an hour, whatever the wall clock says; and that it does not say so is a fault."""
    elsewhere.start()
    until("the daemon is up", elsewhere.up)
    elsewhere.kill()
    elsewhere.further_on(AWAY_S)
    elsewhere.start()
    until("it is up again", elsewhere.up)
    with elsewhere.client() as client:
        restart = client.status().restart
        assert restart is not None and AWAY_S <= restart.down_s < AWAY_S + 60.0
    until("the step is told", lambda: "clock_step" in elsewhere.faults())
    assert "the machine's clock was set back by 3600" in elsewhere.faults()["clock_step"]
    assert "not_set" not in elsewhere.faults()


def test_a_boot_into_the_past_marks_all_and_holds_up_nothing(
    elsewhere: Elsewhere, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """By a clock that is a day behind the journal, the call point still leads people out; what is told is marked, and
    the trigger has no end that a receiver with the right time could take for past.
    """
    elsewhere.start()
    until("the daemon is up", elsewhere.up)
    elsewhere.kill()
    with sqlite3.connect(elsewhere.state / "journal.db") as journal:
        journal.execute("UPDATE commits SET wall = wall + 86400")
    elsewhere.rebooted(tmp_path)
    elsewhere.start()
    until("it is up again", elsewhere.up)
    assert "before the journal's last row" in elsewhere.faults()["not_set"]
    field = Field(mosquitto.port, confirm=True)
    payloads: list[bytes] = []
    heard = field._client.on_message
    assert heard is not None

    def keep(client: object, data: object, message: object) -> None:
        payloads.append(message.payload)  # type: ignore[attr-defined]
        heard(client, data, message)  # type: ignore[arg-type]

    field._client.on_message = keep
    try:
        field.press()
        until("the sounder was told", lambda: bool(field.triggers))
    finally:
        field.close()
    trigger = next(told for told in map(json.loads, payloads) if told.get("action") == "evacuate")
    assert (trigger["expires"], trigger["ttl_s"], trigger["time_doubtful"]) == (None, 60.0, True)
    with sqlite3.connect(elsewhere.state / "journal.db") as journal:
        sql = "SELECT seq, at, events FROM commits WHERE events IS NOT NULL ORDER BY seq"
        rows = journal.execute(sql).fetchall()
    times = [at for _, at, _ in rows]
    assert times == sorted(times)
    assert any('"doubtful":true' in events for _, _, events in rows[-2:])
    assert '"doubtful"' not in rows[0][2]


def test_a_process_that_was_stopped_says_for_how_long(elsewhere: Elsewhere) -> None:
    """SIGSTOP and SIGCONT, as a frozen machine does to all its processes."""
    elsewhere.start()
    until("the daemon is up", elsewhere.up)
    assert elsewhere.process is not None
    elsewhere.process.send_signal(signal.SIGSTOP)
    threading.Event().wait(STOPPED_S)
    elsewhere.process.send_signal(signal.SIGCONT)
    until("it is told", lambda: "stood_still" in elsewhere.faults())
    assert "the process stood still for" in elsewhere.faults()["stood_still"]
