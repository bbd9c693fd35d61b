"""What stands, in pictures of text: used by the command line as they are, and by `tocsin top` on its panes."""

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from daemon.api.models import AlarmView, EvacuationView, EventView, FaultView, StatusView, TierWord, ZoneView
from daemon.terminal.tables import alarm_table, aside_table, fault_table, in_view, tier_text, wiring_table
from daemon.terminal.words import EVENT, OVERLAY, TIER_LETTER, TIER_STYLE, Lang, clock, name_in, pick, span

_CELL: dict[Lang, int] = {"en": 5, "zh": 6}  # cells of a room in the grid: three digits, a letter, a space
_LABEL_MAX = 18  # cells of the name of a floor, a corridor, a hall
_ROWS_MAX = 20  # of a table in a snapshot: a broken line makes a hundred silent devices, and the page must stay a page
_BAD = "bold red"
_DIM = "dim"


def headline(status: StatusView, lang: Lang) -> Text:
    """Venue, tier, time, daemon, journal: one line."""
    line = Text().append(name_in(status.venue_name, lang), "bold").append(" ").append_text(tier_text(status.tier, lang))
    line.append(f"  {clock(status.time)}  ")
    line.append(pick(("daemon up ", "守护进程已运行 "), lang) + span(status.up_s, lang))
    line.append("  ")
    if status.safe_mode:
        line.append(pick(("SAFE MODE: built-in rules only  ", "安全模式：仅内置规则  "), lang), _BAD)
    if status.journal.degraded:
        line.append(pick(("JOURNAL DEGRADED", "日志降级"), lang), _BAD)
    else:
        line.append(pick(("journal ok", "日志正常"), lang))
    if status.process is not None:
        line.append(pick(("  memory ", "  内存 "), lang) + f"{status.process.memory_bytes / 1e6:.0f} MB")
    return line


def surroundings(status: StatusView, lang: Lang) -> Iterator[Text]:
    """Who is on duty, which shows are on and for how long yet, a flood of alarms, how many are out of view.

    A line each, where there is something to say.
    """
    if status.duty is not None:
        words = pick(("duty ", "值班 "), lang)
        who = f"  {status.duty.who}: {status.duty.why}" if status.duty.who else ""
        state = (
            (("somebody", "有人"), "")
            if status.duty.staffed
            else (("NOBODY: no alarm waits", "无人：报警不等待"), _BAD)
        )
        yield Text(words).append(pick(state[0], lang), state[1]).append(who, _DIM)
    for show in status.shows:
        left, zone = span(show.left_s, lang), name_in(show.zone_name, lang)
        words = pick((f"SHOW MODE {zone}: {left} left", f"演出模式 {zone}：还剩 {left}"), lang)
        yield Text(words, TIER_STYLE["yellow"]).append(f"  {show.who}: {show.why}", _DIM)
    if status.flood_since is not None:
        since = clock(status.flood_since)
        words = pick((f"FLOOD OF ALARMS since {since}", f"报警泛滥 自 {since} 起"), lang)
        quiet = pick(("blue and yellow ones come without a sound", "蓝色、黄色报警不鸣响"), lang)
        yield Text(words, TIER_STYLE["yellow"]).append(f"  {quiet}", _DIM)
    if status.restart is not None:
        text = pick(("started ", "启动 "), lang) + clock(status.restart.time) + pick((": ", "："), lang)
        yield Text(text).append(status.restart.text, _BAD if status.restart.lost else _DIM)
    if status.hidden:
        kinds = (f"{count} {pick(OVERLAY.get(kind, (kind, kind)), lang)}" for kind, count in status.hidden.items())
        yield Text(pick(("out of view ", "未显示 "), lang) + ", ".join(kinds))


def banner(evacuation: EvacuationView, lang: Lang) -> Text:
    """One evacuation in words that cannot be misread."""
    zones = ", ".join(name_in(name, lang) for name in evacuation.zone_names)
    origin, since = name_in(evacuation.origin_name, lang), clock(evacuation.since)
    message, place = name_in(evacuation.message, lang), name_in(evacuation.assembly_point, lang)
    progress = _progress(evacuation, lang)
    if lang == "zh":
        return Text(
            f"疏散进行中  {zones}  自 {since} 起, 起于{origin}\n"
            f"{message}  集合点: {place}  [{evacuation.evacuation}]{progress}"
        )
    return Text(
        f"EVACUATION IN FORCE  {zones}  since {since}, began in {origin}\n"
        f"{message}  Assembly point: {place}  [{evacuation.evacuation}]{progress}"
    )


def _progress(evacuation: EvacuationView, lang: Lang) -> str:
    """A line more where an evacuation has stages to come or a route is blocked."""
    told: list[str] = []
    if evacuation.due is not None:
        due = clock(evacuation.due)
        english = f"Stage {evacuation.stage}; next: {evacuation.next_stage} at {due}"
        told.append(pick((english, f"阶段 {evacuation.stage}; 下一阶段: {evacuation.next_stage} {due}"), lang))
    if evacuation.blocked:
        routes = ", ".join(evacuation.blocked)
        told.append(pick((f"BLOCKED ROUTES: {routes}", f"受阻路线: {routes}"), lang))
    return "\n" + "  ".join(told) if told else ""


def zone_grid(zones: Sequence[ZoneView], width: int, lang: Lang) -> list[Text]:
    """Each zone right below the venue with all that is in it: rooms by number, a letter for a tier above normal."""
    children: dict[str | None, list[ZoneView]] = {}
    for zone in zones:
        children.setdefault(zone.parent, []).append(zone)
    floors = [zone for root in children.get(None, []) for zone in children.get(root.zone, [])]
    labels = [_shorten(name_in(floor.name, lang), _LABEL_MAX) for floor in floors]
    indent = max((cell_len(label) for label in labels), default=0) + 3
    lines: list[Text] = []
    for floor, label in zip(floors, labels, strict=True):
        cells = sorted((_cell(zone, lang) for zone in _below(floor, children)), key=lambda cell: cell_len(cell.plain))
        line = _lettered(label, floor.tier, indent, lang)
        used = indent
        for cell in cells:
            if used + cell_len(cell.plain) > width and used > indent:
                lines.append(line)
                line, used = Text(" " * indent), indent
            line.append_text(cell)
            used += cell_len(cell.plain)
        lines.append(line)
    for line in lines:
        line.rstrip()
    return lines


def _below(zone: ZoneView, children: dict[str | None, list[ZoneView]]) -> Iterator[ZoneView]:
    for child in children.get(zone.zone, []):
        yield child
        yield from _below(child, children)


def _cell(zone: ZoneView, lang: Lang) -> Text:
    number = re.search(r"\d+", zone.name.en) if zone.kind == "room" else None
    label = number.group() if number else _shorten(name_in(zone.name, lang), _LABEL_MAX)
    letter_and_space = _CELL[lang] - 3
    width = -(-(cell_len(label) + letter_and_space) // _CELL[lang]) * _CELL[lang]
    return _lettered(label, zone.tier, width, lang)


def _lettered(label: str, tier: TierWord, width: int, lang: Lang) -> Text:
    """The label and its tier's letter, coloured alike, in exactly `width` cells."""
    shown = label + pick(TIER_LETTER[tier], lang)
    return Text().append(shown, TIER_STYLE[tier] or _DIM).append(" " * (width - cell_len(shown)))


def _shorten(name: str, cells: int) -> str:
    while cell_len(name) > cells:
        name = name[:-1]
    return name


def counts(status: StatusView, lang: Lang) -> Text:
    """Alarms by tier, faults, devices, rules, readings: one line."""
    line = Text(pick(("alarms ", "报警 "), lang))
    worst_first = reversed([(tier, count) for tier, count in status.alarms.items() if count and tier != "none"])
    told = [Text(f"{count} ").append_text(tier_text(tier, lang)) for tier, count in worst_first]
    line.append_text(Text(" ").join(told) if told else Text("0"))
    faults = pick((f"   faults {status.faults}", f"   故障 {status.faults}"), lang)
    line.append(faults, _BAD if status.faults else "")
    absent = pick((f", {status.devices_absent} absent", f", {status.devices_absent} 失联"), lang)
    line.append(pick((f"   devices {status.devices}", f"   设备 {status.devices}"), lang))
    line.append(absent if status.devices_absent else "", _BAD)
    return line.append(
        pick(
            (
                f"   rules {status.rules}   readings {status.readings}",
                f"   规则 {status.rules}   读数 {status.readings}",
            ),
            lang,
        )
    )


def snapshot(
    status: StatusView,
    evacuations: Sequence[EvacuationView],
    zones: Sequence[ZoneView],
    alarms: Sequence[AlarmView],
    faults: Sequence[FaultView],
    lang: Lang,
    width: int = 80,
) -> Iterator[Text]:
    """Everything at once, for a pipe, a mail or a README. The grid is left out when no zones are given."""
    yield headline(status, lang)
    yield counts(status, lang)
    yield from surroundings(status, lang)
    for evacuation in evacuations:
        yield Text()
        yield from (Text(f" {line} ", TIER_STYLE["red"]) for line in banner(evacuation, lang).plain.split("\n"))
    grid = zone_grid(zones, width, lang)
    shown, aside = in_view(alarms), [alarm for alarm in alarms if alarm.overlays]
    parts = [
        grid,
        list(alarm_table(shown[:_ROWS_MAX], lang)),
        list(aside_table(aside[:_ROWS_MAX], lang)),
        list(fault_table(faults[:_ROWS_MAX], lang)),
    ]
    more = (0, len(shown) - _ROWS_MAX, len(aside) - _ROWS_MAX, len(faults) - _ROWS_MAX)
    for part, hidden in zip(parts, more, strict=True):
        if part:
            yield Text()
            yield from part
        if hidden > 0:
            yield Text(pick((f"... and {hidden} more", f"……还有 {hidden} 条"), lang), _DIM)
    yield Text()
    yield from wiring_table(status, lang)


def _more(event: EventView, lang: Lang) -> Iterator[str]:
    """What only some decisions say."""
    if event.overlay:
        yield pick(OVERLAY.get(event.overlay, (event.overlay, event.overlay)), lang)
    if event.until is not None:
        yield pick(("until ", "至 "), lang) + clock(event.until)
    if event.by:
        yield pick(("by ", "由 "), lang) + event.by
    if event.staffed is not None:
        yield pick(("somebody" if event.staffed else "NOBODY", "有人" if event.staffed else "无人"), lang)
    if event.kind == "show_mode":
        yield pick(("until ", "至 "), lang) + clock(event.deadline)
    if event.explained_by:
        yield pick(("explained by ", "原因: "), lang) + event.explained_by
    if event.count is not None:
        yield pick((f"{event.count} times", f"{event.count} 次"), lang)
    if event.first_out:
        yield pick(("first out", "首出"), lang)
    if event.grouped:
        yield pick(("without a sound", "静音"), lang)


def event_line(event: EventView, lang: Lang) -> Text:
    """One decision as one line: time, what, tier, about what, where, why."""
    line = Text(f"{clock(event.time)}  ").append(
        f"{pick(EVENT.get(event.kind, (event.kind, event.kind)), lang):<11}", "bold"
    )
    if event.tier is not None:
        line.append(" ").append_text(tier_text(event.tier, lang))
    target = event.alarm or event.evacuation or event.source or event.zone or event.target
    place = event.place_name or event.zone_name or event.source_name
    name = name_in(place, lang) if place else ""
    blocked = pick(("blocked: ", "受阻: "), lang) + ", ".join(event.blocked) if event.blocked else ""
    parts = [
        *(target, name if name != target else "", event.plan, event.stage, blocked),
        *(event.order, event.code, event.step, event.text),
    ]
    line.append("  " + "  ".join(part for part in [*parts, event.reason, *_more(event, lang)] if part))
    if event.because and event.because[-1].text != event.text:
        last = event.because[-1]
        line.append(f"  [{last.text}{' ' + last.line if last.line else ''}]", _DIM)
    return line
