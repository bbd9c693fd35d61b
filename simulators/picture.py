"""`tocsin top` in front of the demo, and the terminal as it was when it ends."""

import asyncio
import contextlib
import signal
import sys
import termios
from pathlib import Path

END_LIMIT_S = 3.0
# Normal screen, cursor shown, no mouse, no bracketed paste, no colours: for a picture that was ended by force.
PLAIN = "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[0m"


class Picture:
    """Shows the venue until the user leaves it or it is cancelled."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def show(self) -> None:
        """Return when the user has left."""
        before = termios.tcgetattr(sys.stdin)
        command = (sys.executable, "-m", "daemon.cli", "top", "--role", "commander", "--socket", str(self._socket))
        process = await asyncio.create_subprocess_exec(*command)
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
                try:
                    async with asyncio.timeout(END_LIMIT_S):
                        await process.wait()
                except TimeoutError:
                    process.kill()
                    await process.wait()
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
            sys.stdout.write(PLAIN)
            sys.stdout.flush()
