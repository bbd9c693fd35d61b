"""A core behind the real API on a real Unix socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from daemon.api.server import serve
from tests.daemon.fake_core import FakeCore


@asynccontextmanager
async def served(core: FakeCore, socket: Path) -> AsyncIterator[None]:
    """Serves for the length of the block, then stops as the daemon would: by cancelling."""
    serving = asyncio.create_task(serve(core, socket))
    await asyncio.sleep(0)  # the socket listens after the task's first step
    assert not serving.done()
    try:
        yield
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
