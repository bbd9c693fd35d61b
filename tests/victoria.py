"""A real VictoriaMetrics for one test: an InfluxDB 2 write endpoint that can be asked what it holds."""

import json
import shutil
import signal
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.broker import HOST, find_free_port

START_LIMIT_S = 20.0  # it is up in 0.2 s; a busy two-core machine may need seconds
STOP_LIMIT_S = 20.0
ANSWER_S = 20.0
LOOK_S = 0.1

Series = frozenset[tuple[str, str]]  # the labels of a series, its name among them as __name__


def find_victoria() -> str:
    """Path of the server's program. Raises RuntimeError that names the command which installs it."""
    program = shutil.which("victoria-metrics", path="/usr/bin:/usr/local/bin")
    if program is None:
        raise RuntimeError(
            "victoria-metrics is not installed and these tests write to a real one: apt-get install victoria-metrics"
        )
    return program


@dataclass
class Victoria:
    """One server process, its data in `folder`; the port stays the same over stop, kill and start.

    It keeps every repeated point (`deduplicate` False) or one of each millisecond.
    """

    folder: Path
    deduplicate: bool = False
    options: tuple[str, ...] = ()
    aside: bool = False  # the last to get the processor, as if it were a machine of its own
    port: int = 0
    log: list[str] = field(default_factory=list)
    _process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Run it and return when it answers. Raises RuntimeError with its log when it does not."""
        self.port = self.port or find_free_port()
        command = [
            *(("nice", "-n", "19") if self.aside else ()),
            find_victoria(),
            f"-storageDataPath={self.folder}",
            f"-httpListenAddr={HOST}:{self.port}",
            "-retentionPeriod=100y",
            "-search.latencyOffset=0s",
            "-search.disableCache",
            "-memory.allowedBytes=200MB",
            *(("-dedup.minScrapeInterval=1ms",) if self.deduplicate else ()),
            *self.options,
        ]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self._process = process
        threading.Thread(target=self._read, args=(process,), daemon=True).start()
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                self._get("/health")
            except OSError:
                time.sleep(LOOK_S)
                continue
            return
        self.kill()
        raise RuntimeError("victoria-metrics did not start:\n" + "".join(self.log[-20:]))

    def stop(self) -> None:
        """End it in order (SIGTERM): it writes what it holds in memory."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL): what it acknowledged in the last seconds may be lost."""
        self._end(signal.SIGKILL)

    def lose_power(self) -> None:
        """End it as a power cut can at worst: nothing that it took since it was first started is on its disk."""
        self._end(signal.SIGKILL)
        shutil.rmtree(self.folder)

    def close(self) -> None:
        """End it if it still runs."""
        if self._process is not None:
            self.kill()

    def take(self, lines: bytes) -> None:
        """Write line protocol as a file of it would be imported."""
        request = urllib.request.Request(f"{self.url}/api/v2/write", data=lines)
        urllib.request.urlopen(request, timeout=ANSWER_S).close()

    def holds(self, name: str = ".+") -> dict[Series, list[tuple[int, float]]]:
        """Each series whose name matches, with its points: milliseconds since 1970 and value, in their order.

        Asks the server to make what it took visible first.
        """
        self._get("/internal/force_flush")
        found: dict[Series, list[tuple[int, float]]] = {}
        query = urllib.parse.urlencode({"match[]": f'{{__name__=~"{name}"}}'})
        for line in self._get(f"/api/v1/export?{query}").splitlines():
            told: dict[str, Any] = json.loads(line)
            series = frozenset((key, str(value)) for key, value in told["metric"].items())
            pairs = zip(told["timestamps"], told["values"], strict=True)
            found.setdefault(series, []).extend((int(at), float(value)) for at, value in pairs)
        for points in found.values():
            points.sort()
        return found

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=ANSWER_S) as answer:
            return str(answer.read().decode())

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        with process.stderr:
            for line in process.stderr:
                self.log.append(line)

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None, "it does not run"
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process = None
