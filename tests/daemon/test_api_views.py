"""From the engine's structs to the API's: nothing that the engine can say is lost or left without a word."""

from pathlib import Path
from types import UnionType
from typing import get_args

import msgspec
import pytest
from starlette.routing import Route

from daemon.api import connection as api_connection
from daemon.api import stream as api_stream
from daemon.api.models import TIER_WORDS, ActionView, EventView, TimerView
from daemon.api.server import BODY_BYTES_MAX, create_app
from daemon.api.views import Views, iso
from daemon.core import Event
from daemon.terminal.picture import event_line
from daemon.terminal.words import EVENT, STATE, TIER, TIER_LETTER, TIER_STYLE
from rules.decision import Because, Decision, StageAction, State, TimerLeft
from rules.tier import Tier
from tests.conftest import ROOT
from tests.daemon.fake_core import FakeCore

VALUES: dict[str, object] = {
    "at": 100.0,
    "alarm": "smoke@det-305",
    "rule": "smoke",
    "place": "det-305",
    "zone": "room-305",
    "category": "fire",
    "tier": Tier.ORANGE,
    "state": "unack",
    "sounding": False,
    "step": "look",
    "deadline": 160.0,
    "evacuation": "whole-building-1",
    "plan": "whole-building",
    "zones": ("ktv",),
    "journal": "9f2c",
    "record": 4,
    "hash": "bd60e848",
    "origin": "room-305",
    "stage": "neighbours",
    "actions": (StageAction("lights_up", "ktv"),),
    "blocked": ("way-3a", "way-3b"),
    "moved": ("floor-3", "floor-2"),
    "source": "det-305",
    "code": "silent",
    "text": "unheard",
    "order": "reset",
    "target": "smoke@det-305",
    "reason": "its cause must be gone first",
    "first_out": True,
    "grouped": True,
    "overlay": "shelved",
    "until": 160.0,
    "by": "Chen",
    "count": 10,
    "staffed": True,
    "who": "Wu",
    "explained_by": "broker",
    "down_s": 12.0,
    "carried": ("smoke@det-305",),
    "raised": ("sos@sos-1",),
    "ended": ("whole-building-1",),
    "timers": (TimerLeft("smoke@det-306", 4.5),),
    "deliveries": {"broker": 3},
    "lost": ("commit 7 cannot be read",),
    "because": (Because(99.0, "det-305", "smoke_obscuration 6.1", "fire.yaml:9"),),
}
assert isinstance(Decision, UnionType)
KINDS = get_args(Decision)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_decision_is_told_whole(kind: type[Decision]) -> None:
    """Each field of each decision is in the event, and comes back the same over JSON."""
    decision = kind(**{field: VALUES[field] for field in kind.__struct_fields__})  # type: ignore[arg-type]
    view = Views(FakeCore()).event(Event(7, 1.79e9, decision))
    assert msgspec.json.decode(msgspec.json.encode(view), type=EventView) == view
    assert view.kind == kind.__struct_config__.tag and view.id == 7
    for field in kind.__struct_fields__:
        if field == "tier":
            assert view.tier == "orange"
        elif field == "deadline":
            assert view.deadline_at == 160.0 and view.deadline.endswith("Z")
        elif field == "until":
            assert view.until_at == 160.0 and view.until is not None and view.until.endswith("Z")
        elif field == "actions":
            assert view.actions == (ActionView("lights_up", "ktv"),)
        elif field == "timers":
            assert view.timers == (TimerView("smoke@det-306", 4.5),)
        elif field == "because":
            assert (view.because[0].text, view.because[0].line) == ("smoke_obscuration 6.1", "fire.yaml:9")
        else:
            assert getattr(view, field) == VALUES[field]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_decision_has_a_line_in_both_languages(kind: type[Decision]) -> None:
    """No decision reaches the terminal under its bare tag."""
    decision = kind(**{field: VALUES[field] for field in kind.__struct_fields__})  # type: ignore[arg-type]
    view = Views(FakeCore()).event(Event(7, 1.79e9, decision))
    assert view.kind in EVENT
    english, chinese = event_line(view, "en").plain, event_line(view, "zh").plain
    assert EVENT[view.kind][0] in english and EVENT[view.kind][1] in chinese
    assert "smoke_obscuration 6.1 fire.yaml:9" in english


def test_every_tier_and_state_has_words() -> None:
    """The word tables are complete: a new tier or state of the engine must be named for people."""
    assert list(TIER) == list(TIER_LETTER) == list(TIER_STYLE) == list(TIER_WORDS)
    assert [tier.word for tier in Tier] == list(TIER_WORDS)
    assert set(STATE) == set(get_args(State))


def test_wall_times_are_utc_with_milliseconds() -> None:
    """One spelling of time, which every language parses."""
    assert iso(0.0) == "1970-01-01T00:00:00.000Z"
    assert iso(1_790_000_000.1239) == "2026-09-21T14:13:20.123Z"


def test_the_page_about_the_api_is_complete() -> None:
    """docs/api.md names every route and every bound that a client can meet."""
    page = Path(ROOT / "docs/api.md").read_text()
    for route in create_app(FakeCore()).routes:
        assert isinstance(route, Route)
        assert route.path.replace("{order}", "acknowledge").replace("{alarm:path}", "RULE@PLACE") in page
    for bound in (BODY_BYTES_MAX, api_connection.CLIENTS_MAX, api_stream.STREAMS_MAX):
        assert str(bound) in page
