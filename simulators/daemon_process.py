"""The real daemon as a process of its own, as systemd would run it; only it is started by us, only it is ended."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from daemon.client import AsyncDaemonClient, ClientError

READY_LIMIT_S = 30.0  # it is ready within two seconds; a machine busy with tests may take longer
STOP_LIMIT_S = 10.0  # it finishes its journal in well under one second
ASK_EVERY_S = 0.1
TAIL_LINES = 20


class DaemonFailed(Exception):
    """The daemon did not start, or ended by itself; the message has the end of its log."""


class DaemonProcess:
    """`tocsin run` for one configuration directory, its state and log in `folder`."""

    def __init__(self, directory: Path, folder: Path, overrides: Sequence[str] = ()) -> None:
        self.directory = directory
        self.state = folder / "state"
        self.socket = folder / "api.sock"
        self.log = folder / "daemon.log"
        self._overrides = tuple(overrides)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Start it and return when it answers. Raises DaemonFailed."""
        command = ["run", str(self.directory.resolve()), "--state", str(self.state), "--socket", str(self.socket)]
        for one in self._overrides:
            command += ["--set", one]
        self.state.mkdir(exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "daemon.cli", *command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C at the terminal is ours to pass on, in order
            )
        await self._ready(self._process)

    async def stop(self) -> None:
        """End it in order; by force when it does not end in time. Idempotent."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a crash would."""
        await self._end(signal.SIGKILL)

    async def ended(self) -> None:
        """Return only by raising DaemonFailed, when the daemon ends by itself."""
        assert self._process is not None
        code = await self._process.wait()
        raise DaemonFailed(f"the daemon ended by itself with code {code}:\n{self.tail()}")

    def tail(self) -> str:
        """The last lines of its log."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return "(it has not logged anything)"
        return "\n".join(lines[-TAIL_LINES:])

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        deadline = asyncio.get_running_loop().time() + READY_LIMIT_S
        async with AsyncDaemonClient(self.socket) as client:
            while True:
                if process.returncode is not None:
                    raise DaemonFailed(f"the daemon did not start (code {process.returncode}):\n{self.tail()}")
                try:
                    await client.status()
                except ClientError as error:
                    if asyncio.get_running_loop().time() > deadline:
                        raise DaemonFailed(f"the daemon does not answer: {error}\n{self.tail()}") from None
                else:
                    return
                await asyncio.sleep(ASK_EVERY_S)

    async def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        os.kill(process.pid, number)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
