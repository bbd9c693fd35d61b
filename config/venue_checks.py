"""What the entries of venue.yaml say about each other: every reference known, every id once, every device reachable."""

from collections.abc import Collection

from config.document import Path, words
from config.evacuation_checks import check_evacuation
from config.kinds import DEVICE_KINDS, SILENT_MAX_S
from config.problem import Mark, Problems, did_you_mean, one_of, show
from config.references import known
from config.sheet import Sheet, Written
from config.venue_file import DeviceEntry, LinkEntry, OutputEntry
from drivers.registry import DRIVERS, LINKS
from rules.danger import TELLS
from rules.quantity import QUANTITIES, Kind

FEEDERS = ("power_meter", "ups", "plug")  # kinds of device that power comes through
_SHARED = ("zones", "devices", "links")  # alarms and faults are told by these ids, so all of them differ


def check_venue(sheet: Sheet, problems: Problems) -> None:
    """Note everything in the venue file that does not fit together."""
    _check_ids(sheet, problems)
    _check_zones(sheet, problems)
    links = {link.entry.id: link for link in sheet.links}
    for link in sheet.links:
        _check_link(link, sheet, problems)
    addresses: dict[tuple[str, str, str], Mark] = {}
    for device in sheet.devices:
        _check_device(device, links, sheet, problems)
        _check_address(device, addresses, sheet, problems)
    _check_feeding(sheet, problems)
    for output in sheet.outputs:
        _check_output(output, links, sheet, problems)
    _check_stand_ins(sheet, problems)
    _check_journal(sheet, problems)
    check_evacuation(sheet, problems)


def _check_journal(sheet: Sheet, problems: Problems) -> None:
    for name in sheet.journal.thin:
        quantity = QUANTITIES.get(name)
        if quantity is None or quantity.kind is not Kind.NUMBER:
            path: Path = ("journal", "thin", name)
            numbers = [known.name for known in QUANTITIES.values() if known.kind is Kind.NUMBER]
            text = f"cannot thin {name!r}, expected a quantity that is a number: {one_of(numbers)}"
            problems.add(sheet.mark(path), text, did_you_mean(name, numbers), words(path))
    if sheet.journal.readings_days > sheet.journal.keep_days:
        days = sheet.journal.keep_days
        text = f"found {sheet.journal.readings_days}, expected at most keep_days, {days}: readings go first"
        path = ("journal", "readings_days")
        problems.add(sheet.mark(path), text, "", words(path))


def _check_ids(sheet: Sheet, problems: Problems) -> None:
    shared: dict[str, Mark] = {}
    if sheet.venue:
        shared[sheet.venue.id] = sheet.mark(("venue", "id"))
    for section in ("zones", "devices", "links", "outputs", "evacuation_plans", "history"):
        seen = shared if section in _SHARED else {}
        for index, entry in sheet.document.items(section):
            named = entry.get("id") if isinstance(entry, dict) else None
            if not isinstance(named, str):
                continue
            path = (section, index, "id")
            if named in seen:
                text = f"id {named!r} is already used in line {seen[named].line}, expected another"
                problems.add(sheet.mark(path), text, about=words(path))
            seen.setdefault(named, sheet.mark(path))


def _check_zones(sheet: Sheet, problems: Problems) -> None:
    parents: dict[str, str] = {}
    for zone in sheet.zones:
        if zone.entry.parent is not None and known("zone", zone.entry.parent, sheet, (*zone.path, "in"), problems):
            parents[zone.entry.id] = zone.entry.parent
        for index, neighbour in enumerate(zone.entry.neighbours):
            known("zone", neighbour, sheet, (*zone.path, "neighbours", index), problems)
    looping = _looping(parents)
    for zone in sheet.zones:
        if zone.entry.id in looping:
            path = (*zone.path, "in")
            problems.add(sheet.mark(path), f"zone {zone.entry.id!r} is inside itself", about=words(path))


def _looping(parents: dict[str, str]) -> set[str]:
    """The zones that never reach the venue."""
    good: set[str] = set()
    bad: set[str] = set()
    for start in parents:
        chain: list[str] = []
        seen: set[str] = set()
        at = start
        while at in parents and at not in good and at not in seen and at not in bad:
            chain.append(at)
            seen.add(at)
            at = parents[at]
        (bad if at in seen or at in bad else good).update(chain)
    return bad


def _check_feeding(sheet: Sheet, problems: Problems) -> None:
    """Power comes through something that has it, and never back to itself."""
    kinds = {device.entry.id: device.entry.kind for device in sheet.devices}
    fed_by: dict[str, str] = {}
    for device in sheet.devices:
        feeder, path = device.entry.fed_by, (*device.path, "fed_by")
        if feeder is None or not known("device", feeder, sheet, path, problems):
            continue
        fed_by[device.entry.id] = feeder
        if kinds.get(feeder, FEEDERS[0]) not in FEEDERS:
            text = f"device {feeder!r} is of kind {kinds[feeder]!r}, which feeds nothing; expected {one_of(FEEDERS)}"
            problems.add(sheet.mark(path), text, about=words(path))
    for device in sheet.devices:
        if device.entry.id in _looping(fed_by):
            path = (*device.path, "fed_by")
            problems.add(sheet.mark(path), f"device {device.entry.id!r} is fed by itself", about=words(path))


def _check_link(link: Written[LinkEntry], sheet: Sheet, problems: Problems) -> None:
    seen: set[str] = set()
    for index, driver in enumerate(link.entry.drivers):
        if driver.kind in seen:
            path = (*link.path, "drivers", index, "kind")
            text = f"driver {driver.kind!r} is already on this link, expected each driver once"
            problems.add(sheet.mark(path), text, about=words(path))
        seen.add(driver.kind)


def _check_device(
    device: Written[DeviceEntry], links: dict[str, Written[LinkEntry]], sheet: Sheet, problems: Problems
) -> None:
    entry = device.entry
    _choice("device kind", entry.kind, DEVICE_KINDS, (*device.path, "kind"), sheet, problems)
    known("zone", entry.zone, sheet, (*device.path, "zone"), problems)
    on_link = known("link", entry.link, sheet, (*device.path, "link"), problems)
    if _choice("driver", entry.driver, DRIVERS, (*device.path, "driver"), sheet, problems) and on_link:
        _check_driver(device, links.get(entry.link), sheet, problems)
    if entry.kind in TELLS and entry.stale_after is not None and entry.stale_after > SILENT_MAX_S:
        text = f"stale_after: found {entry.stale_after / 3600:g} h, expected at most {SILENT_MAX_S / 3600:g} h"
        hint = f"a {entry.kind} that is dead for longer must not pass for one that has nothing to say"
        problems.add(sheet.mark((*device.path, "stale_after")), text, hint, about="stale_after")
    for index, quantity in enumerate(entry.quantities or ()):
        _choice("quantity", quantity, QUANTITIES, (*device.path, "quantities", index), sheet, problems)


def _check_driver(
    device: Written[DeviceEntry], link: Written[LinkEntry] | None, sheet: Sheet, problems: Problems
) -> None:
    if link is None:
        return
    configured = sorted({driver.kind for driver in link.entry.drivers})
    if device.entry.driver not in configured:
        path = (*device.path, "driver")
        text = f"driver {device.entry.driver!r} is not on link {link.entry.id!r}, which has {one_of(configured)}"
        wire = DRIVERS[device.entry.driver].link
        fits = wire == link.entry.kind
        hint = f"add it to that link's drivers in line {sheet.mark((*link.path, 'drivers')).line}" if fits else ""
        problems.add(sheet.mark(path), text, hint, words(path))


def _choice(what: str, word: str, choices: Collection[str], path: Path, sheet: Sheet, problems: Problems) -> bool:
    """Whether the word is one of these; notes it when not."""
    if word in choices:
        return True
    expected = (
        f"expected {one_of(sorted(choices))}"
        if len(choices) <= 10
        else f"expected one of the {len(choices)} that 'tocsin schema venue' lists"
    )
    problems.add(sheet.mark(path), f"unknown {what} {show(word)}, {expected}", did_you_mean(word, choices), words(path))
    return False


def _check_address(
    device: Written[DeviceEntry], seen: dict[tuple[str, str, str], Mark], sheet: Sheet, problems: Problems
) -> None:
    entry = device.entry
    address = entry.address or entry.id
    path = (*device.path, "address") if entry.address else (*device.path, "id")
    wire = (entry.link, entry.driver, address)
    if wire in seen:
        text = f"address {address!r} of driver {entry.driver!r} is already used in line {seen[wire].line}"
        problems.add(sheet.mark(path), f"{text}, expected another", about="address")
    seen.setdefault(wire, sheet.mark(path))


def _check_stand_ins(sheet: Sheet, problems: Problems) -> None:
    """Who takes over from an output is another output, and somewhere the line of them ends."""
    then: dict[str, str] = {}
    for output in sheet.outputs:
        name = output.entry.then
        if name is not None and known("output", name, sheet, (*output.path, "then"), problems):
            then[output.entry.id] = name
    looping = _looping(then)
    for output in sheet.outputs:
        if output.entry.id in looping:
            path = (*output.path, "then")
            same = then[output.entry.id] == output.entry.id
            how = "cannot take over from itself" if same else "is taken over from by outputs that wait for each other"
            text = f"output {output.entry.id!r} {how}, expected one that is told when it fails"
            problems.add(sheet.mark(path), text, about=words(path))


def _check_output(
    output: Written[OutputEntry], links: dict[str, Written[LinkEntry]], sheet: Sheet, problems: Problems
) -> None:
    """An output that names a link uses a link of its own kind."""
    name = getattr(output.entry, "link", None)
    if not isinstance(name, str) or not known("link", name, sheet, (*output.path, "link"), problems):
        return
    link = links.get(name)
    if link and output.entry.kind in LINKS and link.entry.kind != output.entry.kind:
        path = (*output.path, "link")
        text = f"link {name!r} is of kind {link.entry.kind!r}, expected one of kind {output.entry.kind!r}"
        problems.add(sheet.mark(path), text, about=words(path))
