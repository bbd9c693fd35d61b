"""The loader reads YAML 1.2 and refuses what makes a file mean something that nobody sees in it."""

from itertools import pairwise

import pytest

from config.document import Document
from config.problem import ConfigError, Mark, Problems
from config.yaml_text import MAX_BYTES, MAX_NESTING, read_yaml


def read(text: str | bytes) -> tuple[Document | None, list[str]]:
    problems = Problems()
    document = read_yaml("f", text.encode() if isinstance(text, str) else text, problems)
    try:
        problems.refuse()
    except ConfigError as error:
        return document, str(error).splitlines()
    return document, []


def value(text: str) -> object:
    document, problems = read(f"a: {text}\n")
    assert document is not None and not problems
    return document.at(("a",))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("22:30", "22:30"),
        ("1:30:00", "1:30:00"),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        ("+1.5", 1.5),
        (".5", 0.5),
        ("2024-01-01", "2024-01-01"),
        ("1..3", "1..3"),
        ("true", True),
        ("False", False),
        ("tRue", "tRue"),
        ("null", None),
        ("~", None),
        ("", None),
        ("'305'", "305"),
        ('"true"', "true"),
        ("=", "="),
        ("星光", "星光"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(written: str, meant: object) -> None:
    """Not one of the traps of YAML 1.1 changes what is written."""
    found = value(written)
    assert found == meant and type(found) is type(meant)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", ["f:3:1: duplicate key 'a', first written in line 1"]),
        ("a: &x 1\n", ["f:1:4: anchor '&x' found, expected a plain value -- remove it"]),
        ("a: *x\n", ["f:1:4: alias '*x' found, expected the value itself -- write it out"]),
        ("<<: 1\n", ["f:1:1: merge key '<<' found, expected the keys themselves -- write them out"]),
        ("a: !x 1\n", ["f:1:4: tag '!x' found, expected a plain value -- remove it"]),
        ("a: !!str 1\n", ["f:1:4: tag 'tag:yaml.org,2002:str' found, expected a plain value -- remove it"]),
        ("1: a\n", ["f:1:1: key '1' is not a word, expected a word -- put it in quotes if it is meant"]),
        ("? [a]\n: 1\n", ["f:1:3: a key that is not a plain word, expected a word"]),
        ("a: .inf\n", ["f:1:4: '.inf' is not a finite number"]),
        ("a: .nan\n", ["f:1:4: '.nan' is not a finite number"]),
        ("a: 1e999\n", ["f:1:4: '1e999' is not a finite number"]),
        (
            "a: 1\n---\nb: 1\n",
            ["f:2:1: a second document begins, expected one in a file -- remove everything from '---' on"],
        ),
        ("%YAML 1.1\n---\na: 1\n", ["f:1:1: this is written as YAML 1.1, expected YAML 1.2 -- remove the %YAML line"]),
        ("a: b: c\n", ["f:1:5: not YAML: mapping values are not allowed in this context"]),
        ("a: \x00\n", ["f:1:4: character U+0000 is not printable, expected text"]),
    ],
)
def test_what_hides_its_meaning_is_refused(text: str, told: list[str]) -> None:
    """Each of them at its line and column."""
    assert read(text)[1] == told


def test_duplicate_key_keeps_the_first_and_reads_on() -> None:
    """A second problem in the same file is told in the same run."""
    document, told = read("a: 1\na: {b: *x}\nc: !t 1\n")
    assert document is not None and document.data == {"a": 1, "c": "1"}
    assert [line.split(" ")[0] for line in told] == ["f:2:1:", "f:2:8:", "f:3:4:"]


def test_bytes_that_are_not_utf_8_are_told_with_their_place() -> None:
    """A file saved in another encoding is refused at its first wrong byte, counted in characters."""
    assert read("a: 星".encode() + b"\xd0\xc7\n")[1] == ["f:1:5: byte 0xd0 is not UTF-8 -- save the file as UTF-8"]


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    """Editors on Windows write one."""
    document, told = read("\ufeffa: 1\n")
    assert document is not None and document.data == {"a": 1} and not told


@pytest.mark.parametrize("bomb", ["[" * 100_000, "{a: " * 50_000, "- " * 100_000, "? - " * 50_000])
def test_deep_nesting_is_refused_before_it_is_built(bomb: str) -> None:
    """The parser of C crashes the process when it composes this; here the depth is known first."""
    document, told = read(bomb)
    assert document is None
    assert any(line.endswith(f": nested deeper than {MAX_NESTING} levels") for line in told)


def test_nesting_up_to_the_limit_is_read() -> None:
    """The limit is inclusive."""
    document, told = read("[" * MAX_NESTING + "]" * MAX_NESTING)
    assert document is not None and not told


def test_laughs_do_not_multiply() -> None:
    """Aliases are never expanded: nine levels of nine stay nine lines."""
    names = "abcdefghi"
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    lines += [f"{name}: &{name} [{','.join(['*' + before] * 9)}]" for before, name in pairwise(names)]
    document, told = read("\n".join(lines))
    assert document is not None and document.at(("i",)) == [None] * 9
    assert len(told) == 9 + 8 * 9


def test_a_file_larger_than_people_write_is_refused() -> None:
    """Nothing of it is parsed."""
    document, told = read(b"#" * (MAX_BYTES + 1))
    assert document is None and told == ["f:1:1: the file has more than 256 kB, expected a file that people wrote"]


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("a: smoke and heat\n", 10, (1, 14)),
        ("a: 'smoke and heat'\n", 10, (1, 15)),
        ("名: 1\na:   smoke\n    and heat\n", 10, (3, 9)),
        ("a: >-\n  smoke\n  and heat\n", 10, (3, 7)),
        ("a: |\n  smoke\n  and heat\n", 10, (3, 7)),
        ('a: "smoke \\\n  and heat"\n', 10, (1, 4)),
        ('a: "smo\\x6be and heat"\n', 10, (1, 4)),
    ],
)
def test_a_character_inside_a_text_is_found_in_the_file(text: str, offset: int, place: tuple[int, int]) -> None:
    """Plain, quoted, folded and literal texts; with escapes the text itself is named."""
    document, _ = read(text)
    assert document is not None
    assert document.mark_within(("a",), offset) == Mark("f", *place)
