"""Why an alarm is, or is not, as text: each condition with its truth in a word, indented as it is built."""

from collections.abc import Iterator

from rich.text import Text

from daemon.api.models import PartView, WhyTierView, WhyView
from daemon.terminal.tables import tier_text
from daemon.terminal.words import Lang, clock, name_in, pick

_DIM = "dim"
_TRUTH: dict[bool | None, tuple[tuple[str, str], str]] = {
    True: (("yes", "是"), "bold"),
    False: (("no", "否"), ""),
    None: (("unknown", "未知"), "bold red"),
}
PHASE: dict[str, tuple[str, str]] = {
    "inactive": ("not true", "未成立"),
    "pending": ("waits", "延时中"),
    "active": ("true", "成立"),
    "returning": ("true, waits to end", "成立, 恢复延时中"),
    "resetting": ("first signal, waits to look again", "首次信号, 等待复核"),
    "confirming": ("first signal, waits for it to come again", "首次信号, 等待再次出现"),
}


def why_picture(why: WhyView, lang: Lang) -> Iterator[Text]:
    """The verdict, each tier with its conditions, and what else has a say."""
    name = f"{name_in(why.title, lang)}, {name_in(why.place_name, lang)}"
    yield Text().append(why.alarm, "bold").append(f"  {name}  {clock(why.time)}")
    yield Text(why.verdict)
    for tier in why.tiers:
        yield Text()
        yield from _tier(tier, lang)
    rest = [(pick(("note", "注"), lang), note) for note in why.notes]
    rest += [
        (pick(("because", "原因"), lang), f"{clock(one.time)}  {one.source}: {one.text}  {one.line}".rstrip())
        for one in why.because
    ]
    if rest:
        yield Text()
    for word, text in rest:
        yield Text(f"{word:<9}", _DIM).append(text)


def _tier(tier: WhyTierView, lang: Lang) -> Iterator[Text]:
    line = Text().append_text(tier_text(tier.tier, lang)).append(f"  {pick(PHASE[tier.phase], lang)}")
    if tier.left_s is not None:
        line.append(pick((f", {tier.left_s:.1f} s left", f", 还剩 {tier.left_s:.1f} 秒"), lang))
    delays = [
        f"{word} {seconds:g} s"
        for word, seconds in (("on_delay", tier.on_delay_s), ("off_delay", tier.off_delay_s))
        if seconds
    ]
    yield line.append(f"  {'  '.join([*delays, tier.line])}", _DIM)
    yield from _part("when", tier.when, 1, lang)
    if tier.clear is not None:
        yield from _part("clear", tier.clear, 1, lang)


def _part(word: str, part: PartView, depth: int, lang: Lang) -> Iterator[Text]:
    (truth, style) = _TRUTH[part.truth]
    line = Text("  " * depth + f"{word} " * bool(word)).append(f"{pick(truth, lang)}", style).append(f"  {part.text}")
    yield line.append(f"  [{part.found}]", _DIM) if part.found else line
    for below in part.parts:
        yield from _part("", below, depth + 2, lang)
