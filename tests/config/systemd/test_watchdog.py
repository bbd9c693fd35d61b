"""The shipped unit, run by a real systemd with its sandbox on: a daemon that hangs or dies is replaced by itself."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.client import DaemonClient
from tests.broker import Mosquitto
from tests.config.systemd.manager import SYSTEMD, UserManager, obstacle

ROOT = Path(__file__).resolve().parents[3]
UNIT = ROOT / "config" / "systemd" / "tocsin.service"
TOCSIN = Path(sys.executable).with_name("tocsin")
# What a manager that is not the machine's own cannot give, or what would hide the program and the test's files; and a
# shorter watchdog, still three of the daemon's beats.
CHANGES = """\
[Service]
ExecStart=
ExecStart={program} run {venue} --socket %t/tocsin/api.sock --set links.broker.port={port}
WatchdogSec=4
User=
Group=
SupplementaryGroups=
DevicePolicy=auto
DeviceAllow=
IPAddressDeny=
IPAddressAllow=
OOMScoreAdjust=0
ProtectHome=no
PrivateTmp=no
StandardOutput=file:{folder}/said
StandardError=file:{folder}/said
"""
# Only root may give up capabilities; all else of the sandbox stays on.
FOR_A_USER = """\
CapabilityBoundingSet=~
ProtectClock=no
ProtectKernelLogs=no
ProtectKernelModules=no
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path short enough for sockets."""
    made = Path(tempfile.mkdtemp(prefix="tocsin-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def manager(folder: Path) -> Iterator[UserManager]:
    """A real systemd that reads its units from `folder`/units. A machine that cannot run one is named aloud."""
    if not Path(SYSTEMD).exists():
        pytest.fail("systemd is not installed, and this test needs a real one: apt-get install systemd")
    if reason := obstacle():
        pytest.skip(f"NOT RUN: a second systemd cannot run on this machine: {reason}")
    (folder / "units").mkdir()
    made = UserManager(folder, folder / "units")
    made.start()
    yield made
    made.close()


def test_a_daemon_that_hangs_or_dies_is_replaced(folder: Path, manager: UserManager, mosquitto: Mosquitto) -> None:
    """Stopped in its tracks, the daemon is ended by the watchdog and started anew; killed, it is started anew."""
    unit, socket = f"tocsin-{mosquitto.port}.service", folder / "tocsin" / "api.sock"
    shutil.copy(UNIT, folder / "units" / unit)
    (folder / "units" / f"{unit}.d").mkdir()
    changes = CHANGES.format(
        program=TOCSIN,
        venue=ROOT / "config" / "samples" / "ktv",
        port=mosquitto.port,
        folder=folder,
    )
    changes += FOR_A_USER if os.geteuid() else ""
    (folder / "units" / f"{unit}.d" / "test.conf").write_text(changes)

    started = manager.systemctl("start", unit)
    assert started.returncode == 0, started.stderr + (folder / "said").read_text()
    first = manager.wait_for(unit, ActiveState="active", NRestarts="0")
    answers(socket)

    os.kill(int(first["MainPID"]), signal.SIGSTOP)
    second = manager.wait_for(unit, ActiveState="active", SubState="running", NRestarts="1")
    assert second["MainPID"] != first["MainPID"]
    answers(socket)

    os.kill(int(second["MainPID"]), signal.SIGKILL)
    third = manager.wait_for(unit, ActiveState="active", SubState="running", NRestarts="2")
    assert third["MainPID"] not in (first["MainPID"], second["MainPID"])
    answers(socket)

    assert manager.systemctl("stop", unit).returncode == 0
    assert manager.show(unit)["Result"] == "success"


def answers(socket: Path) -> None:
    """The daemon behind the socket knows its venue."""
    with DaemonClient(socket) as client:
        assert client.status().venue
