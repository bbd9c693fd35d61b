"""How lines are cut into requests, and what becomes of a line that no server takes."""

from pathlib import Path

from daemon.history.answer import Broken, Refused, Stored, Verdict
from daemon.history.influx import Influx
from daemon.history.job import Target
from daemon.history.sender import HOPELESS, Sender
from tests.daemon.history.contract import STORED, Contract, Reply, serving

LINES = [f"tocsin_a value={number} {number}" for number in range(1000)]


def sender(server: Contract, folder: Path, batch_points: int = 400) -> Sender:
    target = Target("archive", server.url, "venue", "tocsin", answer_within_s=5.0)
    return Sender(Influx(target), batch_points, folder / "archive.rejected")


def send(sender: Sender) -> Verdict:
    """Step until nothing waits, or the answer is no acknowledgement."""
    while not sender.idle:
        verdict = sender.step()
        if not isinstance(verdict, Stored):
            return verdict
    return Stored()


def refusing(*bad: str, partial: bool) -> Contract:
    """400 when a line is bad; the others of its request are stored or not, as both happens."""

    def answer(server: Contract, lines: list[str]) -> Reply:
        good = [line for line in lines if line not in bad]
        if len(good) == len(lines):
            return server.store(lines)
        if partial:
            server.store(good)
        return Reply(400, body='{"code":"invalid","message":"partial write: unable to parse"}')

    return Contract(answer)


def test_requests_are_bounded(tmp_path: Path) -> None:
    """At most so many lines a request, in their order."""
    with serving(Contract()) as server:
        sending = sender(server, tmp_path)
        sending.take(LINES)
        assert send(sending) == Stored()
    assert server.requests == [400, 400, 200]
    assert server.stored == LINES


def test_413_halves_the_requests(tmp_path: Path) -> None:
    """A server that takes a hundred lines at a time gets all of them, and the next ones in that size at once."""

    def answer(server: Contract, lines: list[str]) -> Reply:
        return server.store(lines) if len(lines) <= 100 else Reply(413)

    with serving(Contract(answer)) as server:
        sending = sender(server, tmp_path)
        sending.take(LINES[:400])
        assert send(sending) == Stored()
        assert server.stored == LINES[:400]
        server.requests.clear()
        sending.take(LINES[400:])
        assert send(sending) == Stored()
        assert max(server.requests) == 100
    assert server.stored == LINES
    assert sending.rejected == 0


def test_one_bad_line_is_put_aside_and_no_other(tmp_path: Path) -> None:
    """Whether or not the server stored the good lines beside it, all of them arrive; the bad one lies in the file."""
    for partial in (False, True):
        folder = tmp_path / str(partial)
        folder.mkdir()
        with serving(refusing(LINES[137], LINES[900], partial=partial)) as server:
            sending = sender(server, folder)
            sending.take(LINES)
            assert send(sending) == Stored()
        assert set(server.stored) == set(LINES) - {LINES[137], LINES[900]}
        assert sending.rejected == 2
        aside = (folder / "archive.rejected").read_text().splitlines()
        assert [line for line in aside if not line.startswith("#")] == [LINES[137], LINES[900]]


def test_a_bad_line_that_is_sent_again_counts_once(tmp_path: Path) -> None:
    """After a break the same lines come once more: the count and the file stay as they are."""
    with serving(refusing(LINES[5], partial=False)) as server:
        sending = sender(server, tmp_path)
        for _ in range(2):
            sending.take(LINES[:10])
            assert send(sending) == Stored()
    assert sending.rejected == 1
    assert (tmp_path / "archive.rejected").read_text().count(LINES[5]) == 1


def test_a_server_that_takes_no_line_at_all_gets_none_taken_from_it(tmp_path: Path) -> None:
    """After HOPELESS refused lines in a row the lines are not to blame: the rest waits until the server is cured."""
    cured: list[bool] = []

    def answer(server: Contract, lines: list[str]) -> Reply:
        return server.store(lines) if cured else Reply(400, body="no such precision")

    with serving(Contract(answer)) as server:
        sending = sender(server, tmp_path)
        sending.take(LINES)
        verdict = send(sending)
        assert isinstance(verdict, Refused) and "no such precision" in verdict.reason
        assert isinstance(send(sending), Refused)
        assert sending.rejected == HOPELESS
        cured.append(True)
        assert send(sending) == Stored()
    assert server.stored == LINES[HOPELESS:]


def test_what_was_not_answered_waits(tmp_path: Path) -> None:
    """A failure takes nothing from what waits: the same lines go out again."""
    replies = [Reply(500), STORED]

    def answer(server: Contract, lines: list[str]) -> Reply:
        reply = replies.pop(0)
        return server.store(lines) if reply == STORED else reply

    with serving(Contract(answer)) as server:
        sending = sender(server, tmp_path)
        sending.take(LINES[:10])
        assert isinstance(send(sending), Broken)
        assert not sending.idle
        assert send(sending) == Stored()
    assert server.stored == LINES[:10]
