"""The daemon's API: HTTP and JSON on a Unix socket, for the command line, `tocsin top`, the console and scenarios.

Whoever may open the socket (mode 0660) may read and order; `who`, `why` and `role` of an order are what the person
says.
An order that the engine refuses, an unknown target included, is 409 with the engine's reason.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import msgspec
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.api.connection import BoundedConnection
from daemon.api.models import TARGET_CHARS, WHO_CHARS, WHY_CHARS, OrderResult, OrderWord, RoleWord
from daemon.api.problem import problem
from daemon.api.stream import STREAMS_MAX, Streams
from daemon.api.unix_socket import listening
from daemon.api.views import Views
from daemon.core import Core
from daemon.why import UnknownAlarm, alarm_at
from rules.decision import Refuse
from rules.signal import (
    Acknowledge,
    AdvanceEvacuation,
    AllClear,
    Duty,
    EndShow,
    InService,
    Order,
    OrderEvacuation,
    OutOfService,
    Reset,
    Shelve,
    Silence,
    StartShow,
    Unshelve,
)

BODY_BYTES_MAX = 16_384  # an order is three short strings; WHY_CHARS of four-byte characters fit eight times
RELOAD_S = 150.0  # two checks of 60 s, one of them somebody else's, and the loading
ORDER_S = 5.0  # an order is durable in milliseconds, or in 250 ms when the journal is degraded
FOR_S_MAX = 7 * 24 * 3600.0  # no order lasts longer than a week; the engine knows the limit of each
KEEP_ALIVE_S = 15  # `tocsin top` asks every 2 s and keeps its connection
STOP_S = 2  # seconds for answers under way when the daemon stops

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"  # one line: nobody forges a second line in a log


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


_ORDERS: dict[OrderWord, Callable[[float, OrderBody], Order]] = {
    "acknowledge": lambda at, body: Acknowledge(at, body.target, body.who, body.why, body.role),
    "silence": lambda at, body: Silence(at, body.target, body.who, body.why, body.role),
    "reset": lambda at, body: Reset(at, body.target, body.who, body.why, body.role),
    "evacuate": lambda at, body: OrderEvacuation(at, body.target, body.who, body.why, body.role),
    "advance": lambda at, body: AdvanceEvacuation(at, body.target, body.who, body.why, body.role),
    "all-clear": lambda at, body: AllClear(at, body.target, body.who, body.why, body.role),
    "duty-on": lambda at, body: Duty(at, True, body.who, body.why, body.role),
    "duty-off": lambda at, body: Duty(at, False, body.who, body.why, body.role),
    "start-show": lambda at, body: StartShow(at, body.target, body.for_s, body.who, body.why, body.role),
    "end-show": lambda at, body: EndShow(at, body.target, body.who, body.why, body.role),
    "shelve": lambda at, body: Shelve(at, body.target, body.for_s, body.once, body.who, body.why, body.role),
    "unshelve": lambda at, body: Unshelve(at, body.target, body.who, body.why, body.role),
    "out-of-service": lambda at, body: OutOfService(at, body.target, body.for_s, body.who, body.why, body.role),
    "in-service": lambda at, body: InService(at, body.target, body.who, body.why, body.role),
}
_NEEDS_NO_TARGET = frozenset({"silence", "duty-on", "duty-off"})
_NEEDS_TIME = frozenset({"start-show", "out-of-service"})


class ReloadBody(BaseModel):
    """Who asks for a reload, and why; `why` may be empty."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    who: Annotated[str, _words(1, WHO_CHARS)]
    why: Annotated[str, _words(0, WHY_CHARS)] = ""


def create_app(core: Core, streams: Streams | None = None) -> FastAPI:
    """The API over one core. `streams` is given by whoever wants to stop them."""
    app = FastAPI(title="Tocsin", version=core.version, docs_url=None, redoc_url=None)
    app.add_middleware(BodyBound)
    _add_problems(app)
    _add_reads(app, core)
    _add_stream(app, core, streams or Streams())
    _add_orders(app, core)
    _add_reload(app, core)
    return app


async def serve(core: Core, socket_path: Path) -> None:
    """Serves until cancelled; then ends streams, answers what is under way, and removes the socket.

    Leaves signals to the daemon. Raises SocketUnusable at once when it cannot listen.
    """
    streams = Streams()
    server = uvicorn.Server(_settings(create_app(core, streams)))
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]  # uvicorn has no setting for it
    with listening(socket_path) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="api")
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            streams.stop()
            server.should_exit = True
            await serving
            raise
        finally:
            for connection in list(server.server_state.connections):
                connection.transport.abort()


def _settings(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedConnection,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=BODY_BYTES_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
    )


class BodyBound:
    """Answers 413 to a request body above BODY_BYTES_MAX, before it is held in memory."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > BODY_BYTES_MAX:
                raise HTTPException(413, f"the body is longer than {BODY_BYTES_MAX} bytes")
            return message

        await self._app(scope, bounded, send)


def _json(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, error.detail or HTTPStatus(error.status_code).phrase)

    @app.exception_handler(RequestValidationError)
    async def misworded(_request: Request, error: RequestValidationError) -> Response:
        return problem(422, "; ".join(f"{_place(one['loc'])}: {_plain(one)}" for one in error.errors()))

    @app.exception_handler(500)
    async def failed(_request: Request, _error: Exception) -> Response:
        return problem(500, "the daemon could not answer; its log says why")  # uvicorn logs the traceback


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location[1:]) or "body"


def _plain(error: dict[str, Any]) -> str:
    if error["type"] == "string_pattern_mismatch":
        return "must be one line of printable text"
    if error["type"] == "string_too_short":
        return "must not be empty"
    return str(error["msg"])


def _add_reads(app: FastAPI, core: Core) -> None:
    def read(path: str, answer: Callable[[Views], object]) -> None:
        async def route() -> Response:
            return _json(answer(Views(core)))

        app.add_api_route(path, route, methods=["GET"], name=path.rpartition("/")[2])

    read("/v1/status", Views.status)
    read("/v1/alarms", Views.alarms)
    read("/v1/zones", Views.zones)
    read("/v1/devices", Views.devices)
    read("/v1/faults", Views.faults)
    read("/v1/evacuations", Views.evacuations)

    @app.get("/v1/why/{alarm:path}")
    async def why(alarm: str) -> Response:
        try:
            return _json(Views(core).why(core.explain(alarm_at(core.plan, alarm))))
        except UnknownAlarm as unknown:
            return problem(404, str(unknown))


def _add_stream(app: FastAPI, core: Core, streams: Streams) -> None:
    @app.get("/v1/events")
    async def events() -> Response:
        if streams.full:
            return problem(503, f"{STREAMS_MAX} event streams are open already; end one and try again")
        told: AsyncIterator[bytes] = streams.events(core)
        return StreamingResponse(told, media_type="text/event-stream", headers={"cache-control": "no-store"})


def _add_orders(app: FastAPI, core: Core) -> None:
    @app.post("/v1/orders/{order}")
    async def order(order: OrderWord, body: OrderBody) -> Response:
        if not body.target and order not in _NEEDS_NO_TARGET:
            return problem(422, "target: must not be empty")
        if not body.for_s and order in _NEEDS_TIME:
            return problem(422, "for_s: must say for how many seconds")
        signal = _ORDERS[order](core.engine_time(), body)
        try:
            async with asyncio.timeout(ORDER_S):
                decisions = await core.order(signal)
        except TimeoutError:
            return problem(504, f"the order is not carried out after {ORDER_S:g} s; look before you repeat it")
        refusal = next((decision for decision in decisions if isinstance(decision, Refuse)), None)
        if refusal is not None:
            return problem(409, refusal.reason, refused=refusal.reason)
        views = Views(core)
        return _json(OrderResult(tuple(views.decision(decision) for decision in decisions)))


def _add_reload(app: FastAPI, core: Core) -> None:
    @app.post("/v1/reload")
    async def reload(body: ReloadBody) -> Response:
        try:
            async with asyncio.timeout(RELOAD_S):
                report = await core.reload(body.who, body.why)
        except TimeoutError:
            return problem(504, f"the files were not taken up within {RELOAD_S:g} s; the rules in force stay")
        return _json(Views(core).reloaded(report))
