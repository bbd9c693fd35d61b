"""The canonical text of a condition: read back, it is the same condition."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.expression import And, Call, Compare, Duration, Name, Names, Node, Not, Number, Or, Word, parse
from rules.render import duration, render


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("smoke", "smoke"),
        ("(((co>=4.80)))", "co >= 4.8"),
        ("temperature > -40", "temperature > -40"),
        ("a or b and not c", "a or b and not c"),
        ("(a or b) and c", "(a or b) and c"),
        ("(a and b) and c", "(a and b) and c"),
        ("(a or b) or c", "(a or b) or c"),
        ("not (a and b)", "not (a and b)"),
        ("not not a", "not not a"),
        ("(a or b) > 1", "(a or b) > 1"),
        ("(a > 1) > 2", "(a > 1) > 2"),
        ("rise( co , 60s )>=8", "rise(co, 1m) >= 8"),
        ("alarms([a,b],at:orange,devices:2,within:90s)", "alarms([a, b], at: orange, devices: 2, within: 90s)"),
        ("f(x: (y))", "f(x: (y))"),
        ("f(x: y > 1)", "f(x: y > 1)"),
        ("f()", "f()"),
        ("f([])", "f([])"),
        ("co > 1e20", "co > 1e+20"),
        ("co > 1e-7", "co > 1e-07"),
    ],
)
def test_what_is_written_gets_one_spelling(written: str, canonical: str) -> None:
    """Only the parentheses that mean something are kept, and the spelling does not change when it is read again."""
    assert render(parse(written).root) == canonical
    assert render(parse(canonical).root) == canonical


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (0.5, "500ms"),
        (0.0005, "0.0005s"),
        (1e-7, "0.0000001s"),
        (1.0, "1s"),
        (90.0, "90s"),
        (300.0, "5m"),
        (7200.0, "2h"),
    ],
)
def test_a_time_is_written_in_the_largest_unit_that_fits(seconds: float, text: str) -> None:
    """An engineer reads 5m, not 300.0."""
    assert duration(seconds) == text


NAMES = st.sampled_from(["smoke", "co", "heat-rise", "absent"])
FINITE = st.floats(allow_nan=False, allow_infinity=False)
TIMES = st.floats(0, 1e9) | st.integers(0, 7200).map(float) | st.integers(1, 5000).map(lambda count: count * 0.001)


def _keyword(node: st.SearchStrategy[Node]) -> st.SearchStrategy[tuple[str, Node]]:
    return st.tuples(st.sampled_from(["at", "within", "x"]), node | st.builds(Word, NAMES, st.just(0)))


def _larger(node: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    operands = st.lists(node, min_size=2, max_size=3).map(tuple)
    plain: st.SearchStrategy[Node] = (
        st.builds(Number, FINITE, st.just(0))
        | st.builds(Duration, TIMES, st.just(0))
        | st.lists(NAMES, max_size=2).map(lambda names: Names(tuple(names), (0,) * len(names), 0))
    )
    arguments = st.lists(st.tuples(st.just(""), node | plain) | _keyword(node | plain), max_size=3).map(tuple)
    return (
        st.builds(And, operands, st.just(0))
        | st.builds(Or, operands, st.just(0))
        | st.builds(Not, node, st.just(0))
        | st.builds(Compare, node, st.sampled_from(["<", "<=", ">", ">="]), FINITE, st.just(0), st.just(0))
        | st.builds(Call, NAMES, arguments, st.just(0))
    )


TREES: st.SearchStrategy[Node] = st.recursive(st.builds(Name, NAMES, st.just(0)), _larger, max_leaves=12)


@given(TREES)
def test_a_rendered_tree_reads_back_as_itself(node: Node) -> None:
    """Invariant: parse(render(node)) is the node, whatever the tree, but for the offsets."""
    assert _without_offsets(parse(render(node)).root) == node


def _without_offsets(node: Node) -> Node:
    match node:
        case Compare():
            return replace(node, left=_without_offsets(node.left), offset=0, threshold_offset=0)
        case Not():
            return replace(node, operand=_without_offsets(node.operand), offset=0)
        case And() | Or():
            return replace(node, operands=tuple(_without_offsets(operand) for operand in node.operands), offset=0)
        case Call():
            given_ = tuple((keyword, _without_offsets(argument)) for keyword, argument in node.arguments)
            return replace(node, arguments=given_, offset=0)
        case Names():
            return replace(node, offsets=(0,) * len(node.names), offset=0)
        case Name() | Number() | Duration() | Word():
            return replace(node, offset=0)
