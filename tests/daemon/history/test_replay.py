"""How far a target is believed, told by time alone."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.history.replay import LONGEST, Place, Replay


def test_a_row_is_kept_after_the_window() -> None:
    """Not before, and only when the server was reached then."""
    replay = Replay(60.0, Place())
    replay.sent(Place(5, 50), 100.0)
    replay.sent(Place(9, 90), 130.0)
    replay.reached(159.0)
    assert replay.kept == Place()
    replay.reached(160.0)
    assert replay.kept == Place(5, 50)
    replay.reached(190.0)
    assert replay.kept == Place(9, 90)


def test_a_break_puts_the_window_back() -> None:
    """What was sent before a break is not kept until it was sent again and the window has passed since."""
    replay = Replay(60.0, Place())
    replay.sent(Place(5, 50), 100.0)
    replay.broken()
    replay.reached(200.0)
    assert replay.kept == Place()
    replay.sent(Place(3, 30), 200.0)
    replay.sent(Place(5, 50), 210.0)
    replay.reached(265.0)
    assert replay.kept == Place()
    replay.reached(270.0)
    assert replay.kept == Place(5, 50)


def test_without_a_window_all_is_kept_at_once() -> None:
    """The negative control of the export's tests: nothing is ever sent again."""
    replay = Replay(0.0, Place())
    replay.sent(Place(5, 50), 100.0)
    replay.reached(100.0)
    replay.broken()
    assert replay.kept == Place(5, 50)


def test_a_connection_that_never_holds_does_not_repeat_for_ever() -> None:
    """Broken more often than once a window, a row counts as kept LONGEST windows after it was first sent."""
    replay = Replay(60.0, Place())
    at = 0.0
    while at < LONGEST * 60.0:
        replay.broken()
        replay.sent(Place(5, 50), at)
        replay.reached(at)
        assert replay.kept == Place()
        at += 30.0
    replay.broken()
    replay.sent(Place(5, 50), at)
    replay.reached(at)
    assert replay.kept == Place(5, 50)


@given(st.lists(st.tuples(st.sampled_from(["send", "break", "reach"]), st.floats(0.0, 40.0)), max_size=60))
def test_nothing_is_kept_that_was_not_sent_since_the_last_break_a_window_ago(
    story: "list[tuple[str, float]]",
) -> None:
    """Whatever happens: up to the longest time, what is kept was sent over the present connection a window before."""
    replay = Replay(60.0, Place())
    now, position = 0.0, Place()
    sent: dict[Place, float] = {}
    for what, wait_s in story:
        now += wait_s
        if now >= LONGEST * 60.0:
            return
        if what == "send":
            position = Place(position.seq + 1, position.total + 10)
            replay.sent(position, now)
            sent[position] = now
        elif what == "break":
            replay.broken()
            position = replay.kept
            sent = {}
        else:
            before = replay.kept
            replay.reached(now)
            assert replay.kept == before or now - sent[replay.kept] >= 60.0
            assert replay.kept <= position
