"""What the daemon and an exporting process say to each other: one JSON object a line, over the process's own pipes."""

from typing import Literal

from msgspec import Struct

Condition = Literal["starting", "up", "waiting", "refused"]


class Target(Struct, frozen=True):
    """An InfluxDB 2 write endpoint, and how it is treated. The token is only named by its file."""

    id: str
    url: str
    org: str
    bucket: str
    token_file: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""
    prefix: str = "tocsin_"
    batch_points: int = 5000
    points_per_s: float = 15_000.0
    resend_window_s: float = 60.0
    answer_within_s: float = 10.0


class Job(Struct, frozen=True):
    """The first line that a process is given. `folder` is where its cursor lies; `zones` says where each device is."""

    journal: str
    folder: str
    venue: str
    target: Target
    zones: dict[str, str]


class Zones(Struct, frozen=True):
    """Every later line: another plan is in force."""

    zones: dict[str, str]


class Progress(Struct, frozen=True):
    """How an export stands, as its process says it at least once a second while nothing holds it up.

    `behind_s` is the age of the oldest row that the target has not got, `behind` how many signals that and all later
    rows hold, `points` what was acknowledged, repeats included. `rejected` lines were put aside because the server
    refuses them; `lost` signals were let go by retention before they were sent. `error` is what the server said last.
    """

    condition: Condition = "starting"
    behind_s: float = 0.0
    behind: int = 0
    points: int = 0
    rejected: int = 0
    lost: int = 0
    error: str = ""
