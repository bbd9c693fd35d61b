"""Log lines to stderr, from a thread of their own: a full pipe blocks that thread and nothing else."""

import logging
import logging.handlers
import queue
import sys
import threading

LINES_WAITING = 1000  # beyond it lines are dropped and counted: a log never holds up an alarm


class _DroppingHandler(logging.handlers.QueueHandler):
    """Never blocks; says how many lines were lost as soon as there is room."""

    def __init__(self, lines: "queue.Queue[logging.LogRecord | None]") -> None:
        super().__init__(lines)
        self.dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            if self.dropped:
                lost = logging.LogRecord(
                    "daemon.log", logging.WARNING, "", 0, "%d log lines were dropped", (self.dropped,), None
                )
                self.queue.put_nowait(self.prepare(lost))
                self.dropped = 0
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1


class LogThread:
    """Carries log records to stderr until `stop`."""

    def __init__(self, level: int = logging.INFO) -> None:
        self._lines: queue.Queue[logging.LogRecord | None] = queue.Queue(LINES_WAITING)
        self._console = logging.StreamHandler(sys.stderr)
        self._console.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._thread = threading.Thread(target=self._carry, name="log", daemon=True)
        root = logging.getLogger()
        root.setLevel(level)
        root.addHandler(_DroppingHandler(self._lines))
        self._thread.start()

    def stop(self, within_s: float) -> None:
        """Let what waits be written, as far as the reader of stderr allows."""
        try:
            self._lines.put(None, timeout=within_s)
        except queue.Full:
            return
        self._thread.join(within_s)

    def _carry(self) -> None:
        while (record := self._lines.get()) is not None:
            self._console.handle(record)
