"""A real mosquitto for one test: `from tests.broker import Mosquitto` names the type of the `mosquitto` fixture."""

import getpass
import random
import shutil
import signal
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
START_LIMIT_S = 10.0  # mosquitto is up in 20 ms; a busy two-core machine may need seconds
STOP_LIMIT_S = 10.0
PORT_TRIES = 20
# Below the kernel's ephemeral range (32768 on): while a broker is down nobody is given its port, nor reaches himself.
PORTS = range(20000, 32000)
# Every message is kept however long the client is away, which is what Tocsin asks of a broker; no delay by Nagle.
CONFIG = """\
listener {port} {host}
user {user}
persistence true
persistence_location {folder}/
max_queued_messages 0
max_inflight_messages 200
set_tcp_nodelay true
connection_messages false
log_dest stderr
"""


def find_free_port() -> int:
    """A port on loopback that nobody has bound a moment ago. Raises RuntimeError when twenty in a row are taken."""
    chooser = random.SystemRandom()
    for _ in range(PORT_TRIES):
        port = chooser.choice(PORTS)
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind((HOST, port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port among {PORT_TRIES} tried in {PORTS.start}..{PORTS.stop - 1}")


def find_mosquitto() -> str:
    """Path of the broker's program. Raises RuntimeError that names the command which installs it."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        raise RuntimeError(
            "mosquitto is not installed and these tests speak to a real broker: apt-get install mosquitto"
        )
    return program


@dataclass
class Mosquitto:
    """One broker process, its data in `folder`; the port stays the same over stop, kill and start.

    `ca`, `certificate`, `key` are set on a TLS broker, `username` and `password` on one that asks for them.
    """

    folder: Path
    settings: str = "allow_anonymous true\n"
    host: str = HOST
    port: int = 0
    username: str | None = None
    password: str | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    log: list[str] = field(default_factory=list)
    _process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        """Run the broker and return when it accepts connections. Raises RuntimeError with its log when it does not."""
        if self._process is not None:
            raise RuntimeError("this broker already runs")
        if self.port:
            if not self._launch():
                raise RuntimeError("mosquitto did not start:\n" + "".join(self.log[-20:]))
            return
        for _ in range(PORT_TRIES):  # another test run may take the port between the look and the bind
            self.port = find_free_port()
            if self._launch():
                return
            if not any("Address already in use" in line for line in self.log):
                break
            self.log.clear()
        raise RuntimeError("mosquitto did not start:\n" + "".join(self.log[-20:]))

    def stop(self) -> None:
        """End it in order (SIGTERM): it writes its queues and retained messages to disk."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL): what it had not yet written is lost."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it hold its connections but say nothing (SIGSTOP), until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Undo `freeze`."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End it if it still runs."""
        if self._process is not None:
            self.kill()

    def _launch(self) -> bool:
        config = self.folder / "mosquitto.conf"
        config.write_text(
            CONFIG.format(port=self.port, host=self.host, user=getpass.getuser(), folder=self.folder) + self.settings
        )
        process = subprocess.Popen(
            [find_mosquitto(), "-c", str(config)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        settled = threading.Event()
        threading.Thread(target=self._read, args=(process, settled), daemon=True).start()
        self._process = process
        if settled.wait(START_LIMIT_S) and process.poll() is None and self._ready():
            return True
        self.kill()
        return False

    def _ready(self) -> bool:
        return any(line.rstrip().endswith(" running") for line in self.log)

    def _read(self, process: "subprocess.Popen[str]", settled: threading.Event) -> None:
        """Keep what the broker says, and tell when it runs or has ended."""
        assert process.stderr is not None
        del self.log[:]
        with process.stderr:
            for line in process.stderr:
                self.log.append(line)
                if line.rstrip().endswith(" running"):
                    settled.set()
        settled.set()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("this broker does not run")
        self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        self._signal(number)
        assert self._process is not None
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process = None
