"""What people send to the API, checked before anything is done with it."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import ClientDisconnect, Request

from daemon.api.models import TARGET_CHARS, WHO_CHARS, WHY_CHARS, RoleWord

FOR_S_MAX = 7 * 24 * 3600.0  # no order lasts longer than a week; the engine knows the limit of each

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"  # one line: nobody forges a second line in a log

Body = TypeVar("Body", bound=BaseModel)


class Misworded(Exception):
    """The body of a request cannot be used; says which field is wrong, and how."""


def _words(shortest: int, longest: int) -> StringConstraints:
    return StringConstraints(
        strip_whitespace=True, min_length=shortest, max_length=longest, pattern=_PRINTABLE, strict=True
    )


class OrderBody(BaseModel):
    """What a person orders: on what, who they are, why, in which role, and for how long where it ends by itself.

    `target` may be empty for `silence`, which then means all alarms, and is of no meaning for duty. `once`: shelved no
    longer than until the alarm returns to normal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Annotated[str, _words(0, TARGET_CHARS)] = ""
    who: Annotated[str, _words(1, WHO_CHARS)]
    why: Annotated[str, _words(1, WHY_CHARS)]
    role: RoleWord = "operator"
    for_s: Annotated[float, Field(ge=0, le=FOR_S_MAX, allow_inf_nan=False)] = 0.0  # of orders that end by themselves
    once: bool = False


class ReloadBody(BaseModel):
    """Who asks for a reload, and why; `why` may be empty."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    who: Annotated[str, _words(1, WHO_CHARS)]
    why: Annotated[str, _words(0, WHY_CHARS)] = ""


class DiscardBody(BaseModel):
    """Which delivery of which output a person gives up, who they are, why, and in which role."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    output: Annotated[str, _words(1, TARGET_CHARS)]
    delivery: Annotated[str, _words(1, TARGET_CHARS)]
    who: Annotated[str, _words(1, WHO_CHARS)]
    why: Annotated[str, _words(1, WHY_CHARS)]
    role: RoleWord = "operator"


async def read_body(request: Request, form: type[Body]) -> Body:
    """The body of a request, whatever it says its type is. Raises Misworded."""
    try:
        return form.model_validate_json(await request.body())
    except ValidationError as error:
        raise Misworded("; ".join(f"{_place(one['loc'])}: {_plain(dict(one))}" for one in error.errors())) from None
    except ClientDisconnect:
        raise Misworded("body: it ended before it was whole") from None


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location) or "body"


def _plain(error: dict[str, Any]) -> str:
    if error["type"] == "string_pattern_mismatch":
        return "must be one line of printable text"
    if error["type"] == "string_too_short":
        return "must not be empty"
    return str(error["msg"])
