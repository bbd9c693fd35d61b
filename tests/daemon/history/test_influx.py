"""What each answer that InfluxDB 2 documents means to the export, and what no answer means."""

import email.utils
import time
from pathlib import Path

import pytest

from daemon.history.answer import Broken, Busy, Malformed, Refused, Stored, TooLarge
from daemon.history.influx import AFTER_MAX_S, Influx
from daemon.history.job import Target
from tests.conftest import Certificates
from tests.daemon.history.contract import Contract, Reply, serving

LINES = ["tocsin_a value=1.0 1", "tocsin_a value=2.0 2"]


def influx(server: Contract, **settings: str) -> Influx:
    return Influx(Target("archive", server.url, "venue", "tocsin", answer_within_s=1.0, **settings))  # type: ignore[arg-type]  # files only


def answering(reply: Reply) -> Contract:
    return Contract(lambda server, lines: reply)


def test_lines_are_stored() -> None:
    """204 is an acknowledgement, and the lines arrive as they were given, compressed."""
    with serving(Contract()) as server:
        assert influx(server).write(LINES) == Stored()
    assert server.stored == LINES


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Malformed),
        (401, Refused),
        (403, Refused),
        (404, Refused),
        (413, TooLarge),
        (422, Malformed),
        (429, Busy),
        (500, Broken),
        (502, Broken),
        (503, Broken),
        (504, Broken),
        (302, Refused),
    ],
)
def test_a_status_has_one_meaning(status: int, kind: type) -> None:
    """Each status of the write endpoint, and those of proxies before it."""
    with serving(answering(Reply(status, body='{"message":"because"}'))) as server:
        answer = influx(server).write(LINES)
    assert type(answer) is kind
    assert isinstance(answer, TooLarge) or "because" in answer.reason  # type: ignore[union-attr]  # all others have it


def test_a_server_that_is_busy_says_for_how_long() -> None:
    """Retry-After is heeded in seconds and as a date, within bounds; 503 with it is no sign of a restart."""
    in_a_minute = email.utils.formatdate(time.time() + 60, usegmt=True)
    with serving(answering(Reply(429, {"Retry-After": "7"}))) as server:
        assert influx(server).write(LINES) == Busy("429 Too Many Requests:", 7.0)
    with serving(answering(Reply(503, {"Retry-After": in_a_minute}))) as server:
        busy = influx(server).write(LINES)
        assert isinstance(busy, Busy) and busy.after_s is not None and 0 < busy.after_s <= 60
    with serving(answering(Reply(429, {"Retry-After": "1000000"}))) as server:
        busy = influx(server).write(LINES)
        assert isinstance(busy, Busy) and busy.after_s == AFTER_MAX_S
    with serving(answering(Reply(503, {"Retry-After": "soon"}))) as server:
        assert isinstance(influx(server).write(LINES), Broken)


@pytest.mark.parametrize("reply", [Reply(204, silent=True), Reply(204, dripping=True)], ids=["silent", "dripping"])
def test_a_request_has_a_deadline_as_a_whole(reply: Reply) -> None:
    """A server that never answers, or sends a byte now and then, is one that did not answer."""
    with serving(answering(reply)) as server:
        answer = influx(server).write(LINES)
    assert isinstance(answer, Broken) and ("1 s" in answer.reason or "timed out" in answer.reason)


def test_nobody_there_is_broken() -> None:
    """A refused connection is told in words."""
    with serving(Contract()) as server:
        pass
    answer = influx(server).write(LINES)
    assert isinstance(answer, Broken) and "refused" in answer.reason


def test_a_server_that_came_back_unseen_is_noticed() -> None:
    """Between two requests that were both answered the connection was lost: urllib3 alone would not tell."""
    contract = Contract()
    with serving(contract):
        database = influx(contract)
        assert database.write(LINES) == database.write(LINES) == Stored()
        assert not database.lost_connection()
    with serving(contract):
        assert database.write(LINES) == Stored()
    assert database.lost_connection()
    assert not database.lost_connection()


def test_a_connection_whose_end_was_announced_is_no_loss() -> None:
    """A server that closes a connection in order is still watched: the next connection is made at once."""
    with serving(Contract(keeps_connections=False)) as server:
        database = influx(server)
        assert database.write(LINES) == database.write(LINES) == Stored()
        assert server.connections == 4
    assert not database.lost_connection()


def test_the_token_is_read_from_its_file_and_shown_to_nobody_else(tmp_path: Path) -> None:
    """A wrong token is refused; a new one is read after `close`; neither stands in what is told."""
    file = tmp_path / "token"
    file.write_text("wrong-secret\n")
    with serving(Contract(token="right-secret")) as server:
        database = influx(server, token_file=str(file))
        refused = database.write(LINES)
        assert isinstance(refused, Refused) and "secret" not in repr(refused)
        file.write_text("right-secret\n")
        assert isinstance(database.write(LINES), Refused)
        database.close()
        assert database.write(LINES) == Stored()
        file.unlink()
        database.close()
        with pytest.raises(FileNotFoundError):
            database.write(LINES)


def test_tls_trusts_the_authority_that_is_named_and_no_other(certificates: Certificates) -> None:
    """With `ca` the server is believed, without it is not."""
    with serving(Contract(), certificates.server, certificates.server_key) as server:
        assert influx(server, ca=str(certificates.ca)).write(LINES) == Stored()
        answer = influx(server).write(LINES)
        assert isinstance(answer, Broken) and "certificate" in answer.reason
    assert server.stored == LINES
