"""What stands, in rows and tables: one row function and one table for each thing that can be asked of the daemon."""

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from daemon.api.models import AlarmView, DeviceView, FaultView, HistoryView, StatusView, TierWord, ZoneView
from daemon.terminal.words import OVERLAY, STATE, TIER, TIER_STYLE, Lang, clock, name_in, pick

_BAD = "bold red"

Cell = str | Text


def tier_text(tier: TierWord, lang: Lang) -> Text:
    return Text(pick(TIER[tier], lang), TIER_STYLE[tier])


def table(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[Text]:
    """Columns as wide as their widest cell, wide characters counted as two. No row is cut."""
    head: list[Sequence[Cell]] = [[Text(heading, "bold") for heading in headings]]
    lines = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in [*head, *rows]]
    widths = [max(cell_len(line[column].plain) for line in lines) for column in range(len(headings))]
    for line in lines:
        whole = Text()
        for cell, width in zip(line, widths, strict=True):
            whole.append_text(cell).append(" " * (width - cell_len(cell.plain) + 2))
        whole.rstrip()
        yield whole


ALARM_HEADINGS = (("TIER", "STATE", "WHERE", "SINCE", "ALARM", "WHY"), ("级别", "状态", "位置", "时间", "报警", "原因"))


def alarm_row(alarm: AlarmView, lang: Lang) -> tuple[Cell, ...]:
    state = pick(STATE.get(alarm.state, (alarm.state, alarm.state)), lang)
    where = name_in(alarm.zone_name, lang)
    why = f"{name_in(alarm.title, lang)}: {alarm.because[-1].text}" if alarm.because else name_in(alarm.title, lang)
    sound = " ♪" if alarm.sounding else ""
    by = f" ({alarm.acknowledged_by})" if alarm.acknowledged_by else ""
    first = pick((" first", " 首出"), lang) if alarm.first_out else ""
    held = pick((" chattering", " 频繁"), lang) if alarm.chattering else ""
    return tier_text(alarm.tier, lang), state + sound + first + held + by, where, clock(alarm.since), alarm.alarm, why


def alarm_table(alarms: Sequence[AlarmView], lang: Lang) -> Iterator[Text]:
    """The alarms in view."""
    shown = in_view(alarms)
    if not shown:
        return iter([Text(pick(("No alarm stands.", "当前没有报警。"), lang))])
    return table(ALARM_HEADINGS[lang == "zh"], (alarm_row(alarm, lang) for alarm in shown))


def in_view(alarms: Sequence[AlarmView]) -> list[AlarmView]:
    return [alarm for alarm in alarms if not alarm.overlays]


ASIDE_HEADINGS = (
    ("OUT OF VIEW", "HOW", "STANDS AT", "UNTIL", "BY", "WHY"),
    ("未显示的报警", "方式", "实际级别", "至", "操作人或原因", "说明"),
)


def aside_rows(alarms: Sequence[AlarmView], lang: Lang) -> Iterator[tuple[Cell, ...]]:
    """What is out of view, by whom or what, why, and until when: a row for each alarm and overlay."""
    for alarm in alarms:
        for overlay in alarm.overlays:
            how = pick(OVERLAY.get(overlay.overlay, (overlay.overlay, overlay.overlay)), lang)
            until = clock(overlay.until) if overlay.until else ""
            once = pick((" or its return", " 或恢复正常"), lang) if overlay.once else ""
            yield alarm.alarm, how, tier_text(alarm.standing, lang), until + once, overlay.by, overlay.why


def aside_table(alarms: Sequence[AlarmView], lang: Lang) -> Iterator[Text]:
    """Nothing at all when nothing is out of view."""
    rows = list(aside_rows(alarms, lang))
    return table(ASIDE_HEADINGS[lang == "zh"], rows) if rows else iter(())


FAULT_HEADINGS = (("FAULT OF", "CODE", "SINCE", "WHAT"), ("故障源", "代码", "时间", "说明"))


def fault_row(fault: FaultView, lang: Lang) -> tuple[str, ...]:
    name = name_in(fault.source_name, lang)
    source = fault.source if name == fault.source else f"{name} ({fault.source})"
    explained = pick((" (explained by ", " (原因: "), lang) + f"{fault.explained_by})" if fault.explained_by else ""
    return source, fault.code, clock(fault.since), fault.text + explained


def fault_table(faults: Sequence[FaultView], lang: Lang) -> Iterator[Text]:
    if not faults:
        return iter([Text(pick(("No fault stands.", "当前没有故障。"), lang))])
    return table(FAULT_HEADINGS[lang == "zh"], (fault_row(fault, lang) for fault in faults))


DEVICE_HEADINGS = (("DEVICE", "KIND", "WHERE", "HEARD", "VALUES"), ("设备", "类型", "位置", "最近上报", "数值"))


def device_row(device: DeviceView, lang: Lang) -> tuple[Cell, ...]:
    heard: Cell = clock(device.heard) if device.heard else pick(("never", "从未"), lang)
    if device.absent:
        heard = Text(f"{heard} {pick(('ABSENT', '失联'), lang)}", _BAD)
    values = "  ".join(f"{quantity} {_value(value)}" for quantity, value in sorted(device.values.items()))
    return device.device, device.kind, name_in(device.zone_name, lang), heard, values


def device_table(devices: Sequence[DeviceView], lang: Lang) -> Iterator[Text]:
    return table(DEVICE_HEADINGS[lang == "zh"], (device_row(device, lang) for device in devices))


def _value(value: float | bool) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else f"{value:g}"


ZONE_HEADINGS = (("ZONE", "TIER", "KIND", "NAME", "IN"), ("区域", "级别", "类型", "名称", "上级"))


def zone_table(zones: Sequence[ZoneView], lang: Lang) -> Iterator[Text]:
    rows = (
        (zone.zone, tier_text(zone.tier, lang), zone.kind, name_in(zone.name, lang), zone.parent or "")
        for zone in zones
    )
    return table(ZONE_HEADINGS[lang == "zh"], rows)


BEHIND_SHOWN_S = 5.0  # a history server that is up lags by a second or two

LINK_HEADINGS = (
    ("LINK", "STATE", "SINCE", "HEARD", "BAD", "TROUBLE"),
    ("线路", "状态", "时间", "收到", "错误", "说明"),
)


def wiring_rows(status: StatusView, lang: Lang) -> Iterator[tuple[Cell, ...]]:
    """Links, then outputs, then the journal and where its history goes: all between the devices and the world."""
    for link in status.links:
        yield (
            f"{link.name} ({link.kind})",
            _up(link.up, lang),
            clock(link.since),
            str(link.received),
            str(link.bad),
            link.last_error,
        )
    for output in status.outputs:
        told = pick(
            (f"{output.delivered} told, {output.pending} wait", f"已送{output.delivered} 待送{output.pending}"), lang
        )
        name = f"→ {output.name}"
        if output.stands_in_for:
            told += pick((", stands in for ", "，替代 "), lang) + ", ".join(output.stands_in_for)
        yield name, _up(output.up, lang), "", told, str(output.failed), output.last_error
    for proof in status.proofs:
        told = pick((f"{proof.took_s * 1000:.0f} ms", f"{proof.took_s * 1000:.0f} 毫秒"), lang) if proof.proven else ""
        since = clock(proof.proven) if proof.proven else ""
        name = pick((f"round {proof.output} → {proof.link}", f"回环 {proof.output} → {proof.link}"), lang)
        yield name, _up(not proof.error, lang), since, told, "", proof.error
    journal = status.journal
    size = pick((f"{journal.rows} signals", f"{journal.rows} 个信号"), lang) + f", {journal.bytes / 1e6:.1f} MB"
    if journal.per_day:
        size += pick(
            (f", writes {journal.per_day / 1e6:.0f} MB a day", f", 每日写入{journal.per_day / 1e6:.0f} MB"), lang
        )
    yield pick(("journal", "日志"), lang), _up(not journal.degraded, lang), "", size, "", journal.degraded
    yield from (history_row(server, lang) for server in status.history)


def history_row(server: HistoryView, lang: Lang) -> tuple[Cell, ...]:
    sent = pick((f"{server.points} points", f"{server.points} 点"), lang)
    late = pick((f", {lasting(server.behind_s)} behind", f"，落后 {lasting(server.behind_s)}"), lang)
    lost = pick((f", {server.lost} lost", f"，丢失 {server.lost}"), lang)
    told = sent + (late if server.behind_s >= BEHIND_SHOWN_S else "") + (lost if server.lost else "")
    up = server.condition == "up"
    state: Cell = pick(("starting", "启动中"), lang) if server.condition == "starting" else _up(up, lang)
    name = pick((f"history {server.name}", f"历史库 {server.name}"), lang)
    return name, state, "", told, str(server.rejected), server.last_error


def lasting(seconds: float) -> str:
    """A length of time in its largest unit."""
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def wiring_table(status: StatusView, lang: Lang) -> Iterator[Text]:
    return table(LINK_HEADINGS[lang == "zh"], wiring_rows(status, lang))


def _up(up: bool, lang: Lang) -> Text:
    return Text(pick(("up", "正常"), lang)) if up else Text(pick(("DOWN", "中断"), lang), _BAD)
