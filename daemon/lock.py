"""One daemon for one state folder."""

import fcntl
import os
from pathlib import Path


class AlreadyRunning(Exception):
    """Another daemon works in the state folder."""


def lock_folder(folder: Path) -> int:
    """Hold the folder until the process ends, however it ends; returns the descriptor that holds it.

    The folder itself is locked, for a lock file could not be made on a full or read-only disk. Raises AlreadyRunning.
    """
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise AlreadyRunning(
            f"{folder}: another daemon works in this state folder; stop it, or give this one a folder of its own "
            "with --state"
        ) from error
    return held
