"""Values checked against a model, with each thing that does not fit told at its place in the file."""

import json
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from config.document import Document, Path, words
from config.problem import Problems, did_you_mean, one_of, show

T = TypeVar("T")
Loc = tuple[str | int, ...]

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "path_type": "a path",
}
_COMMA = "inside {...} a comma ends a value: put the text before it in quotes, to its end"
_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


class Form(Generic[T]):
    """One form that a value can have: a pydantic model, or a union of them told apart by `kind`."""

    def __init__(self, annotation: Any) -> None:
        self._annotation = annotation
        self._adapter: TypeAdapter[T] = TypeAdapter(annotation)

    def fit(self, document: Document, path: Path, problems: Problems) -> T | None:
        """The value at `path` in this form; None, with every problem noted, when it does not fit.

        Checked as JSON in strict mode: text is never taken for a number, nor a number for true or false.
        """
        try:
            return self._adapter.validate_json(json.dumps(document.at(path)), strict=True)
        except ValidationError as refusal:
            for error in refusal.errors(include_url=False):
                _note(error, self._annotation, document, path, problems)
            return None


def _note(error: Any, annotation: Any, document: Document, path: Path, problems: Problems) -> None:
    full, known = _resolve(document, path, error["loc"])
    name = str(full[-1]) if full and isinstance(full[-1], str) else str(next(iter(reversed(words(full))), "the file"))
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            problems.add(document.mark(full[:-1]), f"{name!r} is missing", about=words(full))
        case "extra_forbidden":
            fields = set(_keys(annotation, known))
            text = f"unknown key {show(name)}, expected {_some(fields)}"
            hint = _COMMA if error["input"] is None and set(name) & set("()[]") else did_you_mean(name, fields)
            problems.add(document.key_mark(full), text, hint, words(full))
        case "union_tag_invalid" | "union_tag_not_found":
            choices = _quoted(str(context.get("expected_tags", "")))
            _note_kind(document, full, str(context.get("tag", "")), choices or _tags(annotation, known), problems)
        case "literal_error" | "enum":
            choices = _quoted(str(context["expected"]))
            text = f"{name}: found {show(error['input'])}, expected {one_of(choices)}"
            problems.add(document.mark(full), text, did_you_mean(str(error["input"]), choices), words(full))
        case kind:
            text, hint = _described(kind, error, context)
            problems.add(document.mark(full), f"{name}: {text}", hint, words(full))


def _note_kind(document: Document, full: Path, tag: str, choices: list[str], problems: Problems) -> None:
    if tag:
        text = f"kind: found {show(tag)}, expected {one_of(choices)}"
        problems.add(document.mark((*full, "kind")), text, did_you_mean(tag, choices), words((*full, "kind")))
    else:
        problems.add(document.mark(full), f"'kind' is missing, expected {one_of(choices)}", "", words((*full, "kind")))


def _described(kind: str, error: Any, context: Any) -> tuple[str, str]:
    """What was found and expected, and what to do."""
    found = show(error["input"])
    if kind in _EXPECTED:
        number = isinstance(error["input"], int | float) and kind == "string_type"
        return f"found {found}, expected {_EXPECTED[kind]}", "put it in quotes" if number else ""
    if kind in _LIMITS:
        word, key = _LIMITS[kind]
        unit = " s" if isinstance(error["input"], str) else ""  # only a time is written as text
        return f"found {found}, expected {word} {context[key]:g}{unit}", ""
    if kind == "value_error":
        return str(context["error"]).replace(repr(error["input"]), found), ""
    if kind == "too_short":
        return f"found {found}, expected at least {context['min_length']}", ""
    if kind == "string_too_short":
        return f"found {found}, expected at least {context['min_length']} characters", ""
    if kind in ("too_long", "string_too_long"):
        return f"found {found}, expected at most {context['max_length']}", ""
    return f"found {found}: {error['msg']}", ""


def _some(fields: set[str]) -> str:
    return one_of(sorted(fields)) if fields else "no key here"


def _quoted(text: str) -> list[str]:
    """The words that pydantic lists as 'a', 'b' or 'c'."""
    return text.split("'")[1::2]


def _resolve(document: Document, path: Path, loc: Loc) -> tuple[Path, Loc]:
    """The path of an error in the file, without pydantic's own marks (the tag of a union), and in the model."""
    value, full = document.at(path), list(path)
    for index, part in enumerate(loc):
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        elif index < len(loc) - 1:
            continue
        full.append(part)
    return tuple(full), tuple(loc)


def _keys(annotation: Any, loc: Loc) -> Iterator[str]:
    """The keys that could stand beside the last part of `loc`."""
    for model in _models(_step_all({*_members(annotation)}, loc[:-1])):
        for name, field in model.model_fields.items():
            yield field.alias or name


def _tags(annotation: Any, loc: Loc) -> list[str]:
    """The values that `kind` can have at `loc`."""
    models = _models(_step_all({*_members(annotation)}, loc))
    return [tag for model in models if "kind" in model.model_fields for tag in _literals(model)]


def _literals(model: type[BaseModel]) -> list[str]:
    return [str(value) for value in get_args(model.model_fields["kind"].annotation)]


def _models(members: Iterable[Any]) -> list[type[BaseModel]]:
    return [one for one in members if isinstance(one, type) and issubclass(one, BaseModel)]


def _members(annotation: Any) -> Iterator[Any]:
    """The types that an annotation may stand for."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for argument in get_args(annotation):
            yield from _members(argument)
    else:
        yield annotation


def _step_all(members: set[Any], loc: Loc) -> set[Any]:
    for part in loc:
        members = set(_step(members, part))
    return members


def _step(members: set[Any], part: str | int) -> Iterator[Any]:
    """The types one step further: an item of a list, the field of a model, or the member of a union with that tag."""
    if isinstance(part, int):
        for member in members:
            for argument in get_args(member)[:1]:
                yield from _members(argument)
        return
    models = _models(members)
    fields = [field for one in models for name, field in one.model_fields.items() if (field.alias or name) == part]
    if fields:
        for field in fields:
            yield from _members(field.annotation)
    else:
        yield from (model for model in models if "kind" in model.model_fields and part in _literals(model))
