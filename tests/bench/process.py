"""The daemon and the baseline as processes of their own, and what the kernel says about them."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
READY_LIMIT_S = 30.0
STOP_LIMIT_S = 15.0


def cpu_s(pid: int) -> float:
    """Processor seconds, user and system, that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"process {pid} has ended")


UNIT = Path(__file__).parents[2] / "config" / "systemd" / "tocsin.service"


def service_environment() -> dict[str, str]:
    """The variables that the service's unit sets."""
    found: dict[str, str] = {}
    for line in UNIT.read_text().splitlines():
        if line.startswith("Environment="):
            name, _, value = line.removeprefix("Environment=").partition("=")
            found[name] = value
    return found


class Daemon:
    """`tocsin run` in its unit's environment, ready when it says so to its service manager, which is us."""

    def __init__(self, config: Path, state: Path) -> None:
        self._config, self._state = config, state
        self.ready_s = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The running process."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it and wait until it is ready. Raises RuntimeError with its log when it does not become ready."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            address = f"{folder}/notify"
            manager.bind(address)
            manager.settimeout(READY_LIMIT_S)
            log = self._state.parent / "daemon.log"
            began = time.perf_counter()
            with log.open("ab") as output:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "daemon.cli", "run", str(self._config), "--state", str(self._state)],
                    env={**os.environ, **service_environment(), "NOTIFY_SOCKET": address},
                    stdout=output,
                    stderr=output,
                )
            try:
                while b"READY=1" not in manager.recv(4096):
                    pass
            except TimeoutError:
                raise RuntimeError(f"not ready within {READY_LIMIT_S:g} s:\n{log.read_text()[-2000:]}") from None
            self.ready_s = time.perf_counter() - began

    def stop(self) -> None:
        """End it in order."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(STOP_LIMIT_S)


class BareProcess:
    """The bare subscriber of tests.bench.bare."""

    def __init__(self, host: str, port: int) -> None:
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.bare", host, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._line()
        self.ready_s = time.perf_counter() - began

    @property
    def pid(self) -> int:
        """The running process."""
        return self._process.pid

    def counts(self) -> dict[str, float]:
        """Readings so far, and the instants of the first and last."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        counts: dict[str, float] = json.loads(self._line())
        return counts

    def stop(self) -> None:
        """End it in order."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(STOP_LIMIT_S)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def start_load(host: str, port: int, count: int, rate: float) -> "subprocess.Popen[bytes]":
    """Publish in the background; see tests.bench.load."""
    return subprocess.Popen([sys.executable, "-m", "tests.bench.load", host, str(port), str(count), f"{rate:g}"])
