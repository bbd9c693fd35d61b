"""The Unix socket of the API: who may open it, and what becomes of one that a dead daemon left behind."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATH_BYTES_MAX = 107  # sockaddr_un holds 108 with the closing zero
BACKLOG = 64
_UMASK = 0o117  # 0660: the daemon's user and group, nobody else
_PROBE_S = 1.0


class SocketUnusable(Exception):
    """The API cannot listen where it was told to, and why."""


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A Unix socket that listens with mode 0660 from its first instant; at the end its file is removed.

    Replaces the file of a daemon that is gone. Raises SocketUnusable when the path is too long, is there and not a
    socket, cannot be written, or another process listens there.
    """
    listener = _bind(path)
    ours = path.stat().st_ino
    try:
        yield listener
    finally:
        listener.close()
        with suppress(FileNotFoundError):
            if path.stat().st_ino == ours:  # else it is a successor's
                path.unlink()


def _bind(path: Path) -> socket.socket:
    if len(os.fsencode(path)) > PATH_BYTES_MAX:
        raise SocketUnusable(f"{path}: longer than the {PATH_BYTES_MAX} bytes a Unix socket may have; use --socket")
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(_UMASK)
    try:
        listener.bind(os.fspath(path))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SocketUnusable(f"{path}: cannot listen: {error.strerror or error}") from error
    finally:
        os.umask(before)
    listener.setblocking(False)
    return listener


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # nothing there, or nothing that may be seen: the bind says which
    if not stat.S_ISSOCK(mode):
        raise SocketUnusable(f"{path}: is there already and is not a socket; it was left alone")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except OSError:
            pass  # a full backlog, or not for us to open: somebody is there
    raise SocketUnusable(f"{path}: another process listens there")
