"""Opens a copy of an old journal again and again, each time killed before another statement of the migration.

python migration_child.py OLD FOLDER [apart]: prints a line of JSON for each kill: the statement, and the file. With
`apart` each statement of the migration is a transaction of its own.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

from daemon.journal import schema


def open_until(path: Path, kill_before: int) -> None:
    """Open the journal in this process, which dies before its `kill_before`-th statement."""
    connect = sqlite3.connect
    count = 0

    def look(statement: str) -> None:
        nonlocal count
        count += 1
        if count == kill_before:
            sys.stdout.write(json.dumps({"path": str(path), "statement": statement[:60]}) + "\n")
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_trace_callback(look)
        return connection

    sqlite3.connect = watched  # type: ignore[assignment]  # only in this process, which ends here
    schema.open_database(path).close()


def main(old: Path, folder: Path, apart: bool) -> None:
    if apart:
        schema.STEPS = tuple(f"COMMIT; {step} BEGIN;" for step in schema.STEPS)
    for number in range(1, 1000):
        path = folder / f"{number}.db"
        shutil.copy(old, path)
        child = os.fork()
        if child == 0:
            open_until(path, number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return
    raise RuntimeError("the migration never came to its end")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), "apart" in sys.argv[3:])
