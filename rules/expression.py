"""The text of a condition and the small typed tree it becomes. Never Python: nothing here can call anything.

    expression  = conjunction { "or" conjunction }
    conjunction = negation { "and" negation }
    negation    = "not" negation | comparison
    comparison  = term [ ("<" | "<=" | ">" | ">=") number ]
    term        = name | name "(" argument { "," argument } ")" | "(" expression ")"
    argument    = [ name ":" ] ( expression | duration | number | word | "[" name { "," name } "]" )

Names are checked against the vocabulary afterwards, by `rules.typecheck`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isinf
from typing import assert_never

MAX_TEXT = 2000  # characters: longer is a generated bomb, not a rule somebody can read
MAX_NODES = 200  # bounds the cost of one evaluation
MAX_DEPTH = 32  # of parentheses and `not`: bounds the parser's recursion

WORD_FUNCTIONS = frozenset({"during"})  # their arguments are plain words: ids of schedules, not quantities

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class ExpressionError(Exception):
    """A condition that cannot be understood: `offset` into its text, what is wrong, and the nearest right word."""

    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Name:
    """A quantity, or a word such as `absent`."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Number:
    """A plain number, only as an argument."""

    value: float
    offset: int


@dataclass(frozen=True, slots=True)
class Duration:
    """A time with its unit, only as an argument."""

    seconds: float
    offset: int


@dataclass(frozen=True, slots=True)
class Names:
    """A list of rule ids, only as an argument."""

    names: tuple[str, ...]
    offsets: tuple[int, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Word:
    """A plain word, only behind a keyword or where an id is asked for: `at: orange`, `during(opening-hours)`."""

    word: str
    offset: int


@dataclass(frozen=True, slots=True)
class Compare:
    """A number against a threshold."""

    left: "Node"
    operator: str
    threshold: float
    offset: int
    threshold_offset: int


@dataclass(frozen=True, slots=True)
class Not:
    """Logical not."""

    operand: "Node"
    offset: int


@dataclass(frozen=True, slots=True)
class And:
    """Logical and of two or more."""

    operands: tuple["Node", ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Or:
    """Logical or of two or more."""

    operands: tuple["Node", ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the table in `rules.conditions`. `arguments` pairs a keyword ("" when positional) with a value."""

    function: str
    arguments: tuple[tuple[str, "Node"], ...]
    offset: int


Node = Name | Number | Duration | Names | Word | Compare | Not | And | Or | Call


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed condition with the names it reads."""

    text: str
    root: Node
    quantities: frozenset[str]
    rules: frozenset[str]


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    match node:
        case Compare():
            yield from walk(node.left)
        case Not():
            yield from walk(node.operand)
        case And() | Or():
            for operand in node.operands:
                yield from walk(operand)
        case Call():
            for _, argument in node.arguments:
                yield from walk(argument)
        case Name() | Number() | Duration() | Names() | Word():
            return
        case _:
            assert_never(node)


def calls(node: Node) -> Iterator[Call]:
    """The functions that a condition asks directly, without those inside their arguments."""
    match node:
        case Call():
            yield node
        case Compare():
            yield from calls(node.left)
        case Not():
            yield from calls(node.operand)
        case And() | Or():
            for operand in node.operands:
                yield from calls(operand)
        case Name() | Number() | Duration() | Names() | Word():
            return
        case _:
            assert_never(node)


def keyword(call: Call, name: str) -> Node | None:
    """An argument given by its keyword; None without it."""
    return next((argument for given, argument in call.arguments if given == name), None)


def parse(text: str) -> Expression:
    """Parse a condition. Raises ExpressionError for the first thing that does not fit the grammar."""
    if len(text) > MAX_TEXT:
        raise ExpressionError(MAX_TEXT, f"a condition has at most {MAX_TEXT} characters, this one has {len(text)}")
    root = _Parser(text).parse()
    count = sum(1 for _ in walk(root))
    if count > MAX_NODES:
        raise ExpressionError(0, f"a condition has at most {MAX_NODES} parts, this one has {count}")
    return expression(text, root)


def expression(text: str, root: Node) -> Expression:
    """A tree with its text, and the names found in it."""
    nodes = list(walk(root))
    return Expression(
        text,
        root,
        frozenset(node.name for node in nodes if isinstance(node, Name)),
        frozenset(name for node in nodes if isinstance(node, Names) for name in node.names),
    )


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "name", "number", "duration", "end", or the punctuation itself
    text: str
    offset: int


_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<duration>\d+(?:\.\d+)?(?:ms|s|m|h))(?![\w.])"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*)"
    r"|(?P<punctuation><=|>=|<|>|\(|\)|\[|\]|,|:)"
)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    offset = 0
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None:
            raise ExpressionError(offset, f"unexpected {text[offset]!r}", _operator_hint(text, offset))
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(_Token(match.group() if kind == "punctuation" else kind, match.group(), offset))
        offset = match.end()
    found.append(_Token("end", "", len(text)))
    return found


def _operator_hint(text: str, offset: int) -> str:
    word = text[offset : offset + 2]
    return {"==": ">= or <=", "!=": "not", "&&": "and", "||": "or", "=<": "<=", "=>": ">="}.get(word, "")


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0
        self._depth = 0

    def parse(self) -> Node:
        node = self._expression()
        if self._peek.kind != "end":
            raise self._unexpected("`and`, `or` or the end")
        return node

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _expect(self, kind: str, what: str) -> _Token:
        if self._peek.kind != kind:
            raise self._unexpected(what)
        return self._take()

    def _unexpected(self, expected: str) -> ExpressionError:
        token = self._peek
        found = f"{token.text!r}" if token.text else "the end"
        return ExpressionError(token.offset, f"expected {expected}, found {found}")

    def _is_word(self, word: str) -> bool:
        return self._peek.kind == "name" and self._peek.text == word

    def _expression(self) -> Node:
        operands = [self._conjunction()]
        while self._is_word("or"):
            self._take()
            operands.append(self._conjunction())
        return operands[0] if len(operands) == 1 else Or(tuple(operands), operands[0].offset)

    def _conjunction(self) -> Node:
        operands = [self._negation()]
        while self._is_word("and"):
            self._take()
            operands.append(self._negation())
        return operands[0] if len(operands) == 1 else And(tuple(operands), operands[0].offset)

    def _negation(self) -> Node:
        if not self._is_word("not"):
            return self._comparison()
        offset = self._take().offset
        self._deeper(offset)
        operand = self._negation()
        self._depth -= 1
        return Not(operand, offset)

    def _comparison(self) -> Node:
        left = self._term()
        if self._peek.kind not in ("<", "<=", ">", ">="):
            return left
        operator = self._take()
        threshold = self._expect("number", "a number without a unit")
        value = _finite(threshold)
        if self._peek.kind in ("<", "<=", ">", ">="):
            raise ExpressionError(self._peek.offset, "a comparison has one operator", "and")
        return Compare(left, operator.kind, value, operator.offset, threshold.offset)

    def _term(self) -> Node:
        token = self._peek
        if token.kind == "(":
            self._take()
            self._deeper(token.offset)
            node = self._expression()
            self._depth -= 1
            self._expect(")", "`)`")
            return node
        if token.kind != "name" or token.text in ("and", "or", "not"):
            raise self._unexpected("a quantity, a function or `(`")
        self._take()
        return self._call(token) if self._peek.kind == "(" else Name(token.text, token.offset)

    def _call(self, name: _Token) -> Node:
        self._take()
        self._deeper(name.offset)
        arguments: list[tuple[str, Node]] = []
        while self._peek.kind != ")":
            arguments.append(("", self._word()) if name.text in WORD_FUNCTIONS else self._argument())
            if self._peek.kind != ")":
                self._expect(",", "`,` or `)`")
        self._take()
        self._depth -= 1
        return Call(name.text, tuple(arguments), name.offset)

    def _word(self) -> Word:
        token = self._expect("name", "an id")
        return Word(token.text, token.offset)

    def _argument(self) -> tuple[str, Node]:
        keyword = ""
        if self._peek.kind == "name" and self._tokens[self._next + 1].kind == ":":
            keyword = self._take().text
            self._take()
        token = self._peek
        if token.kind == "duration":
            return keyword, _duration(self._take())
        if token.kind == "number":
            return keyword, Number(_finite(self._take()), token.offset)
        if token.kind == "[":
            return keyword, self._names()
        if keyword and token.kind == "name" and self._tokens[self._next + 1].kind in (",", ")"):
            return keyword, Word(self._take().text, token.offset)
        return keyword, self._expression()

    def _names(self) -> Names:
        offset = self._take().offset
        tokens: list[_Token] = []
        while self._peek.kind != "]":
            tokens.append(self._expect("name", "a rule id"))
            if self._peek.kind != "]":
                self._expect(",", "`,` or `]`")
        self._take()
        return Names(tuple(token.text for token in tokens), tuple(token.offset for token in tokens), offset)

    def _deeper(self, offset: int) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(offset, f"nested more than {MAX_DEPTH} deep")


def _finite(token: _Token) -> float:
    value = float(token.text)
    if isinf(value):
        raise ExpressionError(token.offset, f"{token.text} is too large a number")
    return value


def _duration(token: _Token) -> Duration:
    digits = token.text.rstrip("msh")
    seconds = float(digits) * SECONDS[token.text[len(digits) :]]
    if isinf(seconds):
        raise ExpressionError(token.offset, f"{token.text} is too long a time")
    return Duration(seconds, token.offset)
