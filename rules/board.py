"""All alarms of the house, and what follows at once when one of them changes: zones, evacuations, other alarms."""

from collections.abc import Container, Iterable, Sequence

from rules import blind, covering, lifecycle
from rules.alarm import Alarm
from rules.annunciator import Annunciator
from rules.cause import Cause, GroupCause
from rules.decision import AlarmDecision, Because, Chattering, Decision, EndShowMode, Hidden, OverlayKind
from rules.evacuation import Evacuations
from rules.evidence import evidence
from rules.faults import FaultRegister
from rules.investigation import Investigation
from rules.investigations import Investigations
from rules.overlay import Overlay
from rules.plan import Plan
from rules.suppression import Suppression
from rules.tier import Tier
from rules.timers import Timers
from rules.verification import Verification
from rules.wiring import House
from rules.zones import ZoneTiers


class Board:
    """The live house, and what it adds up to. `out` collects the decisions of the present step, in order.

    Whatever moves a tier of an alarm lets the board settle it; whatever else people see of it changes, present it.
    """

    def __init__(self, plan: Plan, house: House) -> None:
        self.plan = plan
        self.house = house
        self.causes = house.causes
        self.surroundings = house.surroundings
        self.timers = Timers()
        self.faults = FaultRegister()
        self.zones = ZoneTiers(plan.venue)
        self.evacuations = Evacuations(plan, self.timers)
        self.investigations = Investigations(plan, house, self.evacuations, self.timers)
        self.suppression = Suppression(plan.rules, plan.venue, house, self.faults)
        self.verification = Verification(plan.rules, house.causes.values())
        self.annunciator = Annunciator()
        self.out: list[Decision] = []

    def settle(self, cause: Cause, now: float, besides: tuple[Because, ...] = ()) -> None:
        """A cause's levels moved: its alarm, its zones, what it puts in force, and the causes that read its alarm.

        `besides`: what speaks for the alarm besides its own condition.
        """
        alarm = cause.alarm
        for other in self.verification.second_devices(cause):
            besides = (*besides, _second(other, now))
            self.settle(other, now, (_second(cause, now),))
        self.out += self.verification.first_signals(cause, now)
        shown_before = alarm.tier
        chattering = alarm.take_levels(now)
        before, after = alarm.take_standing(now)
        self.schedule(cause, now)
        because = (*besides, *evidence(cause, after, now)) if after else ()
        if alarm.overlays:
            decision: AlarmDecision | None = covering.withhold(alarm, before, after, because, now)
        else:
            decision = lifecycle.settle(alarm, before, after, cause.waiting, because, now)
        if decision is not None:
            self.announce(alarm, decision, now)
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

    def update(self, causes: Iterable[Cause], now: float, past: bool = False) -> None:
        """Let causes look again, and settle those that moved. `past`: at what is over, which can only raise them."""
        for cause in causes:
            if cause.update(now, past):
                self.settle(cause, now)
            self.out += blind.report(cause, self.faults, now)

    def announce(self, alarm: Alarm, decision: AlarmDecision, now: float) -> None:
        """Say a decision that changed an alarm, and set what follows from it in time."""
        self.out += self.annunciator.announce(alarm, decision, now)
        self.timers.set(("flood", ""), self.annunciator.due)
        self._time_view(alarm, now)

    def end_flood(self, now: float) -> None:
        """Few alarms come again: those that were shown without a sound have from now until they sound again."""
        self.out += self.annunciator.expire(now)
        for cause in self.causes.values():
            if cause.alarm.grouped:
                cause.alarm.grouped = False
                self._time_view(cause.alarm, now)

    def present(self, alarm: Alarm, decision: AlarmDecision, before: Tier, now: float) -> None:
        """Say a decision on an alarm whose shown tier was `before`, and what it does to the zones."""
        self.announce(alarm, decision, now)
        if self.evacuations.ways.change(alarm, before, alarm.tier):
            self.out += self.evacuations.reroute(now, decision.because)
        self.out += self.zones.change(alarm, before, alarm.tier, now, decision.because)
        self.update(self.house.reading.get(alarm.id, ()), now)  # to some an alarm counts for as long as it is shown

    def investigate(self, cause: Cause, investigation: Investigation, trigger: Alarm, now: float) -> None:
        """An alarm rose that is to be looked into before the highest tier of a cause is taken as true."""
        if not self.investigations.begin(cause, investigation, trigger, now):
            return
        if not investigation.running:
            self.take_as_true(cause, now)
            return
        self.settle(cause, now)
        self.out.append(self.investigations.ask(cause, investigation, trigger.because, now))

    def take_as_true(self, cause: Cause, now: float) -> None:
        """Confirm what was looked into, also when the alarms that began it are gone: then it returns at once."""
        cause.alarm.levels[-1].force()
        self.settle(cause, now)
        self.update([cause], now)

    def evacuate_overlooked(self, now: float) -> None:
        """Rules that ask for an evacuation only since the venue's files have changed: those that are true begin it."""
        for cause in self.causes.values():
            alarm = cause.alarm
            if alarm.rule.evacuate is not None and alarm.asked != alarm.rule.evacuate and alarm.stands(alarm.top):
                self._confirmed(cause, evidence(cause, alarm.standing, now), now)

    def cover(self, cause: Cause, overlay: Overlay, now: float) -> None:
        """Lay an overlay over an alarm, or renew the one of its kind: it goes out of view."""
        alarm, before, counted = cause.alarm, cause.alarm.tier, cause.alarm.counted
        hidden = covering.cover(alarm, overlay, now)
        if hidden is not None:
            self.present(alarm, hidden, before, now)
        self._recount(cause, counted, now)

    def uncover(self, cause: Cause, kinds: Sequence[OverlayKind], by: Because, now: float) -> None:
        """Take overlays off an alarm. When the last one is gone it comes into view again, as it is now."""
        alarm, counted = cause.alarm, cause.alarm.counted
        found = evidence(cause, alarm.standing, now) if alarm.standing else ()
        said = covering.uncover(alarm, kinds, cause.waiting, by, found, now)
        if isinstance(said, Hidden):
            self.out.append(said)
        elif said is not None:
            self.present(alarm, said, Tier.NONE, now)
        self._time_view(alarm, now)
        self._recount(cause, counted, now)

    def suppress(self, causes: Iterable[Cause], now: float) -> None:
        """What explains these alarms may have come or gone: hide or show them."""
        for cause in causes:
            overlay = self.suppression.overlay(cause, now)
            before = cause.alarm.overlays.get("suppressed")
            if overlay is not None and before is None:
                self.cover(cause, overlay, now)
            elif overlay is None and before is not None:
                self.uncover(cause, ["suppressed"], Because(now, before.by, "it explains this alarm no more"), now)

    def end_show(self, zone: str, because: Because, now: float) -> None:
        """A show is over. What it held back is not begun by this."""
        del self.surroundings.shows[zone]
        self.timers.set(("show", zone), None)
        self.out.append(EndShowMode(now, zone, (because,)))

    def end_shows(self, because: Because, now: float) -> None:
        """No show goes on, and what they held back begins."""
        for zone in sorted(self.surroundings.shows):
            self.end_show(zone, because, now)
        self.begin_held(now)

    def begin_held(self, now: float) -> None:
        """Alarms that nothing holds back any more begin their investigation, if they still stand."""
        for cause, investigation, alarm in self.investigations.released():
            self.investigate(cause, investigation, alarm, now)

    def schedule(self, cause: Cause, now: float) -> None:
        """Set the timers of a cause to what its state asks for."""
        alarm = cause.alarm
        self.timers.set(("level", alarm.id), alarm.due)
        self.timers.set(("chatter", alarm.id), alarm.chatter.quiet_at)
        if cause.investigation is not None:
            self.timers.set(("investigate", alarm.id), cause.investigation.due)
        if isinstance(cause, GroupCause) and cause.group.coincidences:
            self.timers.set(("window", alarm.id), cause.window_expires_at())

    def take_up(self, kept: Container[str], now: float) -> None:
        """After a restore: rebuild aggregates, zone tiers and timers from the alarms that were kept and the devices.
        The other alarms are at rest: of a large venue's that is nearly all.
        """
        for cause in self.causes.values():
            alarm = cause.alarm
            cause.blind = blind.stands(cause, self.faults)
            if isinstance(cause, GroupCause):
                cause.refresh(now)
                cause.looked_at = now
            elif alarm.id not in kept:
                continue
            self.zones.change(alarm, Tier.NONE, alarm.tier, now, ())
            self.annunciator.note(alarm)
            self.evacuations.ways.change(alarm, Tier.NONE, alarm.tier)
            self.schedule(cause, now)
            self._time_view(alarm, now)
        self.timers.set(("flood", ""), self.annunciator.due)
        self.verification.take_up()

    def _time_view(self, alarm: Alarm, now: float) -> None:
        """Set the timers of an alarm that no condition asks for: its overlays' ends, and when it sounds again."""
        lifecycle.time_re_alarm(alarm, now)
        self.timers.set(("re_alarm", alarm.id), alarm.re_alarm_at)
        self.timers.set(("overlay", alarm.id), alarm.covered_until)

    def _end_once(self, cause: Cause, now: float) -> None:
        """An alarm returned to normal: what was to last until then is over."""
        shelved = cause.alarm.overlays.get("shelved")
        if shelved is not None and shelved.once:
            self.uncover(cause, ["shelved"], Because(now, shelved.by, "it returned to normal"), now)

    def _recount(self, cause: Cause, before: Tier, now: float) -> None:
        """An alarm went out of service or came back: what counts it sees it go, or come as if it were new."""
        alarm, after = cause.alarm, cause.alarm.counted
        if before == after:
            return
        if before < alarm.top <= after:
            self._confirmed(cause, evidence(cause, after, now), now)
        self._tell_readers(alarm, before, after, now)

    def _confirmed(self, cause: Cause, because: tuple[Because, ...], now: float) -> None:
        """The highest tier became true: nothing is left to look into; its evacuation begins if it is not in force."""
        self.investigations.confirmed(cause)
        cause.alarm.asked = cause.alarm.rule.evacuate or ""
        plan = self.plan.evacuation_plans.get(cause.alarm.rule.evacuate or "")
        if plan is None:
            return
        begins = self.evacuations.of_plan(plan.id) is None
        self.out += self.evacuations.confirmed(plan, cause.alarm.zone, now, because)
        if begins:
            for alarm in self.house.evacuating[plan.id]:  # an all-clear may have left other fires standing
                if alarm.stands(alarm.top):
                    self.out += self.evacuations.confirmed(plan, alarm.zone, now, alarm.because)
            self.end_shows(Because(now, plan.id, "everybody is led out"), now)

    def _tell_readers(self, alarm: Alarm, before: Tier, after: Tier, now: float) -> None:
        """An alarm counts at another tier: let those look that read it, look into it, or are explained by it."""
        for cause in self.house.reading.get(alarm.id, ()):
            confirmed = cause.alarm.stands(cause.alarm.top)
            if cause.update(now):
                self.settle(cause, now)
            else:
                self.schedule(cause, now)
            self.out += blind.report(cause, self.faults, now)
            if confirmed and cause.joined_by(alarm, before, after):  # an all-clear does not cover what comes after it
                self._confirmed(cause, alarm.because, now)
        for looking, investigation in self.house.investigating.get(alarm.id, ()):
            if before < investigation.rule.at <= after:
                self.investigate(looking, investigation, alarm, now)
            elif after < investigation.rule.at <= before:
                investigation.told.discard(alarm.id)
        if bool(before) != bool(after):
            self.suppress(self.suppression.consequences(alarm), now)


def _second(cause: Cause, now: float) -> Because:
    return Because(now, cause.alarm.id, "a second device signals too: nothing is left to verify")
