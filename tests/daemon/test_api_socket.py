"""The socket file: its mode from the first instant, what a dead daemon left, what is never touched."""

import os
import socket
import stat
from pathlib import Path

import pytest

from daemon.api.unix_socket import SocketUnusable, listening


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "api.sock"


def test_only_user_and_group_may_open_it(path: Path) -> None:
    """The mode is 0660 from the bind on, whatever the umask is, and the umask is put back."""
    before = os.umask(0)
    try:
        with listening(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert os.umask(0) == 0
    finally:
        os.umask(before)


def test_it_is_gone_afterwards(path: Path) -> None:
    """A stopped daemon leaves no socket to knock at."""
    with listening(path):
        assert path.exists()
    assert not path.exists()


def test_a_dead_daemons_socket_is_replaced(path: Path) -> None:
    """After kill -9 the next start needs no hand."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    assert path.exists()
    with listening(path), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(path))


def test_a_live_socket_is_refused(path: Path) -> None:
    """Nobody takes the socket from a process that listens on it."""
    with listening(path):
        with pytest.raises(SocketUnusable, match="another process listens there"), listening(path):
            pass
        assert path.exists()


def test_a_file_that_is_no_socket_is_left_alone(path: Path) -> None:
    """A mistyped --socket never deletes somebody's file."""
    path.write_text("precious")
    with pytest.raises(SocketUnusable, match="is not a socket"), listening(path):
        pass
    assert path.read_text() == "precious"


def test_a_successors_socket_is_left_alone(path: Path) -> None:
    """The file at the end is removed only if it is still ours."""
    with listening(path), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as successor:
        path.rename(path.with_suffix(".old"))
        successor.bind(str(path))
    assert path.exists()


@pytest.mark.parametrize(
    ("name", "reason"), [("x" * 120, "longer than the 107 bytes"), ("no/such/dir", "cannot listen")]
)
def test_an_impossible_path_says_why(tmp_path: Path, name: str, reason: str) -> None:
    """The message names the path and what is wrong with it."""
    with pytest.raises(SocketUnusable, match=reason) as raised, listening(tmp_path / name):
        pass
    assert name in str(raised.value)
