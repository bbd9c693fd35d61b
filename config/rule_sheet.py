"""Rules files read: each rule of the right form, its conditions parsed, their problems told at the character."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

from config.document import Document, Path, words
from config.problem import Mark, Problems
from config.rules_file import RULE, RULES_SHELL, RuleEntry, TierEntry
from config.sheet import raw_ids
from rules.danger import HIGHLY_MANAGED
from rules.deadband import cleared_by
from rules.expression import Expression, ExpressionError, parse
from rules.plan import Each
from rules.typecheck import problems as meaning_problems

_EACH: dict[str, Each] = {each: each for each in get_args(Each)}


@dataclass(frozen=True, slots=True)
class WrittenTier:
    """A tier with its conditions parsed."""

    path: Path
    entry: TierEntry
    when: Expression
    clear: Expression | None

    def expressions(self) -> list[Expression]:
        return [self.when] if self.clear is None else [self.when, self.clear]


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule of the right form, with the tiers whose conditions mean something.

    `stock` rules come with Tocsin and may find nothing to watch in a small venue.
    """

    document: Document
    path: Path
    entry: RuleEntry
    tiers: tuple[WrittenTier, ...]
    stock: bool

    def mark(self, *below: str | int) -> Mark:
        """The place of something in the rule."""
        return self.document.mark((*self.path, *below))

    def expressions(self) -> list[Expression]:
        return [expression for tier in self.tiers for expression in tier.expressions()]

    @property
    def highly_managed(self) -> bool:
        """Whether nothing may keep its alarms from people, as `rules.plan.Rule.highly_managed`."""
        return self.entry.category in HIGHLY_MANAGED or self.entry.evacuate is not None

    def reads(self) -> frozenset[str]:
        """The rules whose alarms it reads."""
        investigated = self.entry.investigate.of if self.entry.investigate else ()
        return frozenset(investigated).union(*(expression.rules for expression in self.expressions()))


@dataclass(frozen=True)
class RuleSheet:
    """All rules of the right form. `ids` are those of every rule, also of one that is otherwise wrong."""

    rules: list[WrittenRule]
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Known:
    """The ids that a condition may name."""

    rules: frozenset[str]
    schedules: frozenset[str]


def read_rules(files: Iterable[tuple[Document, bool]], schedules: frozenset[str], problems: Problems) -> RuleSheet:
    """Check the form of every rule of these files; the flag says which files are stock."""
    rules: list[WrittenRule] = []
    files = list(files)
    ids = frozenset(named for document, _ in files for named in raw_ids(document, "rules"))
    known = Known(ids, schedules)
    for document, stock in files:
        RULES_SHELL.fit(document, (), problems)
        for index, _ in document.items("rules"):
            path: Path = ("rules", index)
            entry = RULE.fit(document, path, problems)
            if entry is None:
                _note_conditions(document, path, known, problems)
            else:
                tiers = tuple(_tiers(document, path, entry, known, problems))
                rules.append(WrittenRule(document, path, entry, tiers, stock))
    return RuleSheet(rules, ids)


def _note_conditions(document: Document, path: Path, known: Known, problems: Problems) -> None:
    """Note what is wrong with the conditions of a rule that has not the right form, as far as they can be read."""
    raw = document.at(path)
    each = raw.get("each") if isinstance(raw, dict) else None
    tiers = raw.get("tiers") if isinstance(raw, dict) else None
    for index, tier in enumerate(tiers if isinstance(tiers, list) else ()):
        if not isinstance(tier, dict) or any("(" in key or ")" in key for key in tier):
            continue  # a condition without quotes that a comma has cut in two: the form has told of it
        for key in ("when", "clear"):
            text = tier.get(key)
            if isinstance(text, str) and text:
                place = (*path, "tiers", index, key)
                _expression(document, place, text, _EACH.get(str(each)), known, problems)


def _tiers(document: Document, path: Path, entry: RuleEntry, known: Known, problems: Problems) -> Iterator[WrittenTier]:
    for index, tier in enumerate(entry.tiers):
        tier_path = (*path, "tiers", index)
        when = _expression(document, (*tier_path, "when"), tier.when, entry.each, known, problems)
        clear = tier.clear and _expression(document, (*tier_path, "clear"), tier.clear, entry.each, known, problems)
        if when is not None and tier.deadband is not None:
            clear = _cleared_by(document, tier_path, tier, when, entry, known, problems)
        if when is not None and (clear is not None or (tier.clear is None and tier.deadband is None)):
            yield WrittenTier(tier_path, tier, when, clear or None)


def _cleared_by(
    document: Document,
    path: Path,
    tier: TierEntry,
    when: Expression,
    entry: RuleEntry,
    known: Known,
    problems: Problems,
) -> Expression | None:
    """The clear condition that a deadband stands for; None, with every problem noted, when there is none."""
    mark, about = document.mark((*path, "deadband")), words((*path, "deadband"))
    if tier.clear is not None:
        problems.add(mark, "deadband and clear say the same in two ways, expected one of them", about=about)
        return None
    assert tier.deadband is not None
    try:
        clear = cleared_by(when, tier.deadband)
    except ExpressionError as error:
        problems.add(mark, f"deadband: {error.message}", about=about)
        return None
    found = meaning_problems(clear, each=entry.each, rule_ids=known.rules, schedules=known.schedules)
    for problem in found:
        problems.add(mark, f"deadband: {problem.message}", "make it smaller, or write clear", about)
    return None if found else clear


def _expression(
    document: Document, path: Path, text: str, each: Each | None, known: Known, problems: Problems
) -> Expression | None:
    """The parsed condition; None, with every problem noted, when it means nothing.

    What it may say depends on what its rule is about; where `each` is not known only its grammar is checked.
    """
    try:
        expression = parse(text)
    except ExpressionError as error:
        _note(document, path, error, problems)
        return None
    if each is None:
        return expression
    found = meaning_problems(expression, each=each, rule_ids=known.rules, schedules=known.schedules)
    for problem in found:
        _note(document, path, problem, problems)
    return None if found else expression


def _note(document: Document, path: Path, error: ExpressionError, problems: Problems) -> None:
    hint = f"did you mean {error.hint!r}?" if error.hint else ""
    problems.add(document.mark_within(path, error.offset), f"{path[-1]}: {error.message}", hint, words(path))
