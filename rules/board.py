"""All alarms of the house, and what follows when one of them changes: zone tiers, investigations, evacuations."""

from collections.abc import Container, Iterable, Sequence
from typing import Literal

from rules import lifecycle
from rules.alarm import Alarm
from rules.annunciator import Annunciator
from rules.cause import Cause, GroupCause, Watcher
from rules.decision import Because, Chattering, Decision, Investigate, OverlayKind, StandDown
from rules.evacuation import STAGE, Evacuations
from rules.evidence import MAX_CONTRIBUTORS, evidence
from rules.faults import FaultRegister
from rules.investigation import Investigation, Step
from rules.overlay import Overlay
from rules.plan import Plan
from rules.suppression import Suppression
from rules.tier import Tier
from rules.timers import Key, Timers
from rules.verification import Verification
from rules.wiring import House
from rules.zones import ZoneTiers

BLIND = "blind:"  # fault code, the rule's id follows: what it asks is unknown at this place

Waiting = Literal["acknowledge", "look"]


class Board:
    """Owns the causes and everything that follows from them. `out` collects the decisions of the present step."""

    def __init__(self, plan: Plan, house: House, timers: Timers, faults: FaultRegister) -> None:
        self.plan = plan
        self.causes = house.causes
        self.surroundings = house.surroundings
        self._surrounded = house.surrounded
        self._verification = Verification(house.causes.values())
        self._reading = house.reading
        self._investigating = house.investigating
        self._minding = house.minding
        self._devices = house.devices
        self._timers = timers
        self._faults = faults
        self.zones = ZoneTiers(plan.venue)
        self.evacuations = Evacuations(plan, timers)
        self.suppression = Suppression(plan.rules, plan.venue, house, faults)
        self.annunciator = Annunciator()
        self.out: list[Decision] = []

    def look(self, watchers: Iterable[Watcher], now: float, past: bool = False) -> None:
        """A device changed: let those who watch it look, and settle what moved. `past`: how it was, no longer is."""
        for watcher in watchers:
            if watcher.look(now, past):
                self.settle(watcher.cause, now)
            self._tell_blind(watcher.cause, now)

    def look_later(self, watchers: Iterable[Watcher], now: float) -> None:
        """Time has passed over a device: let those who watch it look, also those who have seen it all already."""
        for watcher in watchers:
            if watcher.look(now) or watcher.cause.update(now):
                self.settle(watcher.cause, now)
            self._tell_blind(watcher.cause, now)

    def stop_waiting(self, device: str, now: float) -> None:
        """What a device has not told by now is unknown: let those look to whom that matters."""
        for cause in self._minding.get(device, ()):
            if cause.update(now):
                self.settle(cause, now)
            self._tell_blind(cause, now)

    def look_at_all(self, now: float) -> None:
        """Let every cause look again, and settle what moved. What the rules no longer let be put aside comes back."""
        for cause in self.causes.values():
            if cause.update(now) or cause.alarm.standing != cause.alarm.level_tier or _waits_in_vain(cause):
                self.settle(cause, now)
            if cause.alarm.rule.highly_managed and "shelved" in cause.alarm.overlays:
                self.uncover(
                    cause, ["shelved"], Because(now, cause.alarm.id, "its rule may not be shelved any more"), now
                )
            self._tell_blind(cause, now)
        self.suppress(self.causes.values(), now)

    def restart_delays(self, now: float) -> None:
        """Tocsin was down: the delays of rules that count only what they have seen begin anew."""
        for cause in self.causes.values():
            if cause.alarm.rule.after_outage == "restart":
                for level in cause.alarm.levels:
                    level.restart(now)
                self.schedule(cause, now)

    def look_around(self, changed: Iterable[str], now: float) -> None:
        """The surroundings changed: let those who ask one of these words look, and settle what moved."""
        for word in sorted(changed):
            for state in self._devices.values():
                state.count(word, now)
            for cause in self._surrounded.get(word, ()):
                if isinstance(cause, GroupCause):
                    cause.refresh(now)
                if cause.update(now):
                    self.settle(cause, now)

    def settle(self, cause: Cause, now: float, besides: tuple[Because, ...] = ()) -> None:
        """A cause's levels moved: its alarm, its zones, what it puts in force, and the causes that read its alarm.

        `besides`: what speaks for the alarm besides its own condition.
        """
        alarm = cause.alarm
        for other in self._verification.second_devices(cause):
            besides = (*besides, _second(other, now))
            self.settle(other, now, (_second(cause, now),))
        self.out += self._verification.first_signals(cause, now)
        shown_before = alarm.tier
        chattering = alarm.take_levels(now)
        before, after = alarm.take_standing(now)
        self.schedule(cause, now)
        because = (*besides, *evidence(cause, after, now)) if after else ()
        if alarm.overlays:
            decision: Decision | None = lifecycle.withhold(alarm, before, after, because, now)
        else:
            decision = lifecycle.settle(alarm, before, after, _waiting(cause), because, now)
        if decision is not None:
            self._announce(alarm, decision, now)
        if chattering:
            self.out.append(lifecycle.change(Chattering, alarm, now, count=len(alarm.chatter.raised)))
        rerouted = self.evacuations.ways.change(alarm, shown_before, alarm.tier)
        if before < alarm.top <= after and not alarm.disabled:
            self._confirmed(cause, because, now)
        if rerouted:
            self.out += self.evacuations.reroute(now, alarm.because)
        self.out += self.zones.change(alarm, shown_before, alarm.tier, now, alarm.because)
        if before != after and not alarm.disabled:
            self._tell_readers(alarm, before, after, now)
        if before and not after:
            self._end_once(cause, now)

    def shown(self, alarm: Alarm, decision: Decision, before: Tier, because: tuple[Because, ...], now: float) -> None:
        """Say a decision on an alarm whose shown tier was `before`, and what it does to the zones."""
        self._announce(alarm, decision, now)
        if self.evacuations.ways.change(alarm, before, alarm.tier):
            self.out += self.evacuations.reroute(now, because)
        self.out += self.zones.change(alarm, before, alarm.tier, now, because)
        for cause in self._reading.get(alarm.id, ()):  # to some an alarm counts for as long as it is shown
            if cause.update(now):
                self.settle(cause, now)

    def cover(self, cause: Cause, overlay: Overlay, now: float) -> None:
        """Lay an overlay over an alarm, or renew the one of its kind: it goes out of view."""
        alarm, before, stood, up = cause.alarm, cause.alarm.tier, _counted(cause.alarm), cause.alarm.up
        alarm.overlays[overlay.kind] = overlay
        because = (Because(now, overlay.by, overlay.why),)
        hidden = lifecycle.hide(alarm, overlay, because, now)
        if up or overlay.kind != "suppressed":  # nobody need be told of what was not in view and may never come
            self.shown(alarm, hidden, before, because, now)
        self._recount(cause, stood, now)

    def uncover(self, cause: Cause, kinds: Sequence[OverlayKind], by: Because, now: float) -> None:
        """Take overlays off an alarm. When the last one is gone it comes into view again, as it is now."""
        alarm, stood, kind = cause.alarm, _counted(cause.alarm), kinds[-1]
        for one in kinds:
            del alarm.overlays[one]
        because = (by, *(evidence(cause, alarm.standing, now) if alarm.standing else ()))
        if not alarm.overlays:
            shown = lifecycle.show(alarm, kind, _waiting(cause), because, now)
            if shown is not None:
                self.shown(alarm, shown, Tier.NONE, because, now)
        elif kind != "suppressed":
            still = next(iter(alarm.overlays.values()))
            self.out.append(lifecycle.hide(alarm, still, (by, Because(now, still.by, still.why)), now))
        self._set_timers(alarm, now)
        self._recount(cause, stood, now)

    def suppress(self, causes: Iterable[Cause], now: float) -> None:
        """What explains these alarms may have come or gone: hide or show them."""
        for cause in causes:
            overlay = self.suppression.overlay(cause, now)
            before = cause.alarm.overlays.get("suppressed")
            if overlay is not None and before is None:
                self.cover(cause, overlay, now)
            elif overlay is None and before is not None:
                self.uncover(cause, ["suppressed"], Because(now, before.by, "it explains this alarm no more"), now)

    def schedule(self, cause: Cause, now: float) -> None:
        """Set the timers of a cause to what its state asks for."""
        alarm = cause.alarm
        self._timers.set(("level", alarm.id), alarm.due)
        self._timers.set(("chatter", alarm.id), alarm.chatter.quiet_at)
        if cause.investigation is not None:
            self._timers.set(("investigate", alarm.id), cause.investigation.due)
        if isinstance(cause, GroupCause) and cause.group.coincidences:
            self._timers.set(("window", alarm.id), cause.window_expires_at(now))

    def ring(self, key: Key, now: float) -> None:
        """A timer of a cause, or of an evacuation, is over."""
        kind, alarm_id = key
        if kind == "flood":
            self.out += self.annunciator.expire(now)
            self._timers.set(key, self.annunciator.due)
            return
        if kind == STAGE:
            self.out += self.evacuations.ring(alarm_id, now)
            return
        cause = self.causes[alarm_id]
        if kind == "overlay":
            self._overlays_over(cause, now)
        elif kind == "re_alarm":
            self._announce(cause.alarm, lifecycle.re_alarm(cause.alarm, now), now)
        elif kind == "investigate":
            self._investigation_over(cause, now)
        elif kind == "window":
            if cause.update(now):
                self.settle(cause, now)
            self.schedule(cause, now)
        else:  # a delay of a level, or the quiet after chattering
            for level in cause.alarm.levels:
                level.expire(now)
            cause.alarm.chatter.expire(now)
            self.settle(cause, now)

    def take_up(self, kept: Container[str], now: float) -> None:
        """After a restore: rebuild aggregates, zone tiers and timers from the alarms that were kept and the devices.
        The other alarms are at rest: of a large venue's that is nearly all.
        """
        for cause in self.causes.values():
            alarm = cause.alarm
            cause.blind = cause.alarm.rule.unknown == "fault" and _blindness(cause) in self._faults.standing
            if isinstance(cause, GroupCause):
                cause.refresh(now)
            elif alarm.id not in kept:
                continue
            self.zones.change(alarm, Tier.NONE, alarm.tier, now, ())
            self.annunciator.note(alarm)
            self.evacuations.ways.change(alarm, Tier.NONE, alarm.tier)
            self.schedule(cause, now)
            self._set_timers(alarm, now)
        self._timers.set(("flood", ""), self.annunciator.due)
        self._verification.take_up()
        for zone in self.surroundings.shows:
            self.expect_end_of_show(zone)

    def acknowledge_investigations(self, alarm: Alarm, by: Because, now: float) -> bool:
        """Staff acknowledge an investigation by acknowledging it or any alarm that began it. Whether one was."""
        moved = False
        for cause in (self.causes[alarm.id], *self._investigating.get(alarm.id, ())):
            investigation = cause.investigation
            if investigation is None or (cause.alarm is not alarm and alarm not in investigation.triggers):
                continue
            if investigation.acknowledge(now):
                self._say_investigation(cause, investigation, "look", (by,), now)
                moved = True
        return moved

    def stand_down(self, cause: Cause, investigation: Investigation, by: Because, now: float) -> None:
        """A person looked and found no fire."""
        investigation.end()
        self.out.append(StandDown(now, cause.alarm.id, cause.alarm.zone, (by,)))
        self.settle(cause, now)

    def withdraw(self, alarm: Alarm, by: Because, now: float) -> None:
        """A person reset an alarm: what was looked into only because of it is stood down."""
        for cause in self._investigating.get(alarm.id, ()):
            if cause.investigation is not None and cause.investigation.withdraw(alarm):
                self.stand_down(cause, cause.investigation, by, now)

    def forget_overdue(self, plan: str, now: float) -> None:
        """An evacuation is over: an investigation that once ran out counts no more, only what comes now does."""
        for cause in self.causes.values():
            investigation = cause.investigation
            if investigation is None or investigation.step is not Step.EXPIRED or cause.alarm.rule.evacuate != plan:
                continue
            investigation.end()
            if cause.update(now):
                self.settle(cause, now)

    def expect_end_of_show(self, zone: str) -> None:
        """Set the timer of a show, or none when no show is on there."""
        show = self.surroundings.shows.get(zone)
        self._timers.set(("show", zone), None if show is None else show.until)

    def begin_held(self, now: float) -> None:
        """Alarms that nothing holds back any more begin their investigation, if they still stand."""
        for cause in self.causes.values():
            investigation = cause.investigation
            if investigation is None or not isinstance(cause, GroupCause):
                continue
            for alarm in list(investigation.held):
                if not self._holds_back(cause, alarm) and investigation.take_held(alarm):
                    self._begin_investigation(cause, investigation, alarm, now)

    def cut_investigations_short(self, now: float) -> None:
        """Nobody is on duty any more: what is being looked into is taken as true."""
        for cause in self.causes.values():
            if cause.investigation is not None and cause.investigation.running:
                self._cut_short(cause, cause.investigation, now)

    def _announce(self, alarm: Alarm, decision: Decision, now: float) -> None:
        """Say a decision that changed an alarm, and set what follows from it in time."""
        self.out += self.annunciator.announce(alarm, decision, now)
        self._timers.set(("flood", ""), self.annunciator.due)
        self._set_timers(alarm, now)

    def _set_timers(self, alarm: Alarm, now: float) -> None:
        """Set the timers of an alarm that no condition asks for: its overlays' ends, and when it sounds again."""
        lifecycle.time_re_alarm(alarm, now)
        self._timers.set(("re_alarm", alarm.id), alarm.re_alarm_at)
        self._timers.set(("overlay", alarm.id), alarm.covered_until)

    def _overlays_over(self, cause: Cause, now: float) -> None:
        over = [one for one in cause.alarm.overlays.values() if one.until is not None and one.until <= now]
        by = Because(now, over[-1].by, "the time given for it is over")
        self.uncover(cause, [one.kind for one in over], by, now)

    def _end_once(self, cause: Cause, now: float) -> None:
        """An alarm returned to normal: what was to last until then is over."""
        shelved = cause.alarm.overlays.get("shelved")
        if shelved is not None and shelved.once:
            self.uncover(cause, ["shelved"], Because(now, shelved.by, "it returned to normal"), now)

    def _recount(self, cause: Cause, before: Tier, now: float) -> None:
        """An alarm went out of service or came back: what counts it sees it go, or come as if it were new."""
        alarm, after = cause.alarm, _counted(cause.alarm)
        if before == after:
            return
        if before < alarm.top <= after:
            self._confirmed(cause, evidence(cause, after, now), now)
        self._tell_readers(alarm, before, after, now)

    def _tell_blind(self, cause: Cause, now: float) -> None:
        """Report that a rule cannot decide, or that it can again, if the rule asks for that."""
        if cause.alarm.rule.unknown != "fault":
            return
        rule, (place, code) = cause.alarm.rule, _blindness(cause)
        if cause.blind:
            untold = cause.untold() or [place]
            named = ", ".join(untold[:MAX_CONTRIBUTORS]) + (" and more" if len(untold) > MAX_CONTRIBUTORS else "")
            text = f"rule {rule.id} cannot decide: too little is known of {named}: look at them and their links"
            self.out += self._faults.report(place, code, text, now)
        else:
            self.out += self._faults.end(place, code, now)

    def _confirmed(self, cause: Cause, because: tuple[Because, ...], now: float) -> None:
        """The highest tier became true: nothing is left to look into; its evacuation begins if it is not in force."""
        alarm = cause.alarm
        if cause.investigation is not None and cause.investigation.step is not Step.EXPIRED:
            cause.investigation.end()
            self._timers.set(("investigate", alarm.id), None)
        plan = self.plan.evacuation_plans.get(alarm.rule.evacuate or "")
        if plan is not None:
            self.out += self.evacuations.confirmed(plan, alarm.zone, now, because)

    def _tell_readers(self, alarm: Alarm, before: Tier, after: Tier, now: float) -> None:
        for cause in self._reading.get(alarm.id, ()):
            confirmed = cause.alarm.stands(cause.alarm.top)
            if cause.update(now):
                self.settle(cause, now)
            else:
                self.schedule(cause, now)
            self._tell_blind(cause, now)
            if confirmed and cause.joined_by(alarm, before, after):  # an all-clear does not cover what comes after it
                self._confirmed(cause, alarm.because, now)
        for cause in self._investigating.get(alarm.id, ()):
            investigation = cause.investigation
            if investigation is not None and before < investigation.rule.at <= after:
                self._begin_investigation(cause, investigation, alarm, now)
        if bool(before) != bool(after):
            self.suppress(self.suppression.consequences(alarm), now)

    def _begin_investigation(self, cause: GroupCause, investigation: Investigation, trigger: Alarm, now: float) -> None:
        evacuating = self.evacuations.moves_everybody(cause.alarm.rule.evacuate or "")
        if evacuating or cause.alarm.overlays or cause.alarm.stands(cause.alarm.top):
            return
        if self._holds_back(cause, trigger):
            investigation.hold(trigger)
            return
        if not investigation.begin(trigger, now):
            return
        if self.surroundings.nobody_on_duty:
            self._cut_short(cause, investigation, now)
            return
        self.settle(cause, now)
        self._say_investigation(cause, investigation, "acknowledge", trigger.because, now)

    def _holds_back(self, cause: GroupCause, trigger: Alarm) -> bool:
        """Whether an alarm begins no investigation for now: a show is on, or it is not the hour of the rule."""
        if trigger.rule.show_mode and self.surroundings.show_over(self.plan.venue.ancestry[trigger.zone]):
            return True
        during = cause.alarm.rule.during
        return bool(during) and self.surroundings.active(during) is False

    def _cut_short(self, cause: Cause, investigation: Investigation, now: float) -> None:
        investigation.cut_short(self.surroundings.duty_evidence(now).text)
        self._take_as_true(cause, now)

    def _say_investigation(
        self, cause: Cause, investigation: Investigation, step: Waiting, because: tuple[Because, ...], now: float
    ) -> None:
        assert investigation.due is not None
        self._timers.set(("investigate", cause.alarm.id), investigation.due)
        self.out.append(Investigate(now, cause.alarm.id, cause.alarm.zone, step, investigation.due, because))

    def _investigation_over(self, cause: Cause, now: float) -> None:
        if cause.investigation is not None and cause.investigation.expire(now):
            self._take_as_true(cause, now)

    def _take_as_true(self, cause: Cause, now: float) -> None:
        """Confirm what was looked into, also when the alarms that began it are gone: then it returns at once."""
        cause.alarm.levels[-1].force()
        self.settle(cause, now)
        if cause.update(now):
            self.settle(cause, now)


def _blindness(cause: Cause) -> tuple[str, str]:
    """Source and code of the fault that a rule cannot decide at its place."""
    return cause.alarm.place, f"{BLIND}{cause.alarm.rule.id}"


def _waits_in_vain(cause: Cause) -> bool:
    """Whether what its alarm waited for, a tier's delay or an investigation, is no longer in its rule."""
    return cause.alarm.state == "pending" and not _waiting(cause)


def _waiting(cause: Cause) -> bool:
    """Whether an on-delay or an investigation runs."""
    return cause.alarm.raising_at is not None or (cause.investigation is not None and cause.investigation.running)


def _counted(alarm: Alarm) -> Tier:
    """The tier at which others count the alarm."""
    return Tier.NONE if alarm.disabled else alarm.standing


def _second(cause: Cause, now: float) -> Because:
    return Because(now, cause.alarm.id, "a second device signals too: nothing is left to verify")
