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

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.api.bodies import DiscardBody, Misworded, OrderBody, ReloadBody, read_body
from daemon.api.connection import BoundedConnection
from daemon.api.models import OrderResult, OrderWord
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
KEEP_ALIVE_S = 15  # `tocsin top` asks every 2 s and keeps its connection
STOP_S = 2  # seconds for answers under way when the daemon stops

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


def create_app(core: Core, streams: Streams | None = None) -> Starlette:
    """The API over one core. `streams` is given by whoever wants to stop them."""
    return Starlette(
        routes=[*_reads(core), _stream(core, streams or Streams()), _orders(core), _reload(core), _discard(core)],
        middleware=[Middleware(BodyBound)],
        exception_handlers={HTTPException: _refused, Misworded: _misworded, Exception: _failed},
    )


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


def _settings(app: Starlette) -> uvicorn.Config:
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


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail or HTTPStatus(error.status_code).phrase)


async def _misworded(_request: Request, error: Exception) -> Response:
    return problem(422, str(error))


async def _failed(_request: Request, _error: Exception) -> Response:
    return problem(500, "the daemon could not answer; its log says why")  # uvicorn logs the traceback


def _reads(core: Core) -> list[Route]:
    def read(path: str, answer: Callable[[Views], object]) -> Route:
        async def route(_request: Request) -> Response:
            return _json(answer(Views(core)))

        return Route(path, route, methods=["GET"])

    async def why(request: Request) -> Response:
        try:
            return _json(Views(core).why(core.explain(alarm_at(core.plan, request.path_params["alarm"]))))
        except UnknownAlarm as unknown:
            return problem(404, str(unknown))

    return [
        read("/v1/status", Views.status),
        read("/v1/alarms", Views.alarms),
        read("/v1/zones", Views.zones),
        read("/v1/devices", Views.devices),
        read("/v1/faults", Views.faults),
        read("/v1/evacuations", Views.evacuations),
        read("/v1/outbox", Views.outbox),
        Route("/v1/why/{alarm:path}", why, methods=["GET"]),
    ]


def _stream(core: Core, streams: Streams) -> Route:
    async def events(_request: Request) -> Response:
        if streams.full:
            return problem(503, f"{STREAMS_MAX} event streams are open already; end one and try again")
        told: AsyncIterator[bytes] = streams.events(core)
        return StreamingResponse(told, media_type="text/event-stream", headers={"cache-control": "no-store"})

    return Route("/v1/events", events, methods=["GET"])


def _orders(core: Core) -> Route:
    async def order(request: Request) -> Response:
        word = request.path_params["order"]
        if word not in _ORDERS:
            return problem(422, f"order: found {word!r}, expected one of {', '.join(_ORDERS)}")
        body = await read_body(request, OrderBody)
        if not body.target and word not in _NEEDS_NO_TARGET:
            return problem(422, "target: must not be empty")
        if not body.for_s and word in _NEEDS_TIME:
            return problem(422, "for_s: must say for how many seconds")
        signal = _ORDERS[word](core.engine_time(), body)
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

    return Route("/v1/orders/{order}", order, methods=["POST"])


def _discard(core: Core) -> Route:
    async def discard(request: Request) -> Response:
        body = await read_body(request, DiscardBody)
        refused = core.discard(body.output, body.delivery, body.who, body.why, body.role)
        if refused:
            return problem(409, refused, refused=refused)
        return _json(Views(core).outbox())

    return Route("/v1/outbox/discard", discard, methods=["POST"])


def _reload(core: Core) -> Route:
    async def reload(request: Request) -> Response:
        body = await read_body(request, ReloadBody)
        try:
            async with asyncio.timeout(RELOAD_S):
                report = await core.reload(body.who, body.why)
        except TimeoutError:
            return problem(504, f"the files were not taken up within {RELOAD_S:g} s; the rules in force stay")
        return _json(Views(core).reloaded(report))

    return Route("/v1/reload", reload, methods=["POST"])
