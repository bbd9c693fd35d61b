"""How the API says no: one JSON shape for every answer that is not 200."""

import msgspec
from starlette.responses import Response

from daemon.api.models import Problem


def problem(status: int, detail: str, *, refused: str = "", close: bool = False) -> Response:
    """An answer with {"detail"} and, for an order that the engine refused, {"refused"}. `close` ends the connection."""
    body = msgspec.json.encode(Problem(detail, refused))
    headers = {"connection": "close"} if close else None
    return Response(body, status, headers, media_type="application/json")
