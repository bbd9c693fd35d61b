"""Settings of a connection to an MQTT broker."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers.settings import Settings


class TlsSettings(Settings):
    """Paths of PEM files. Without `ca` the system's authorities are trusted; `certificate` and `key` identify us."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: give both or neither")
        return self


class MqttSettings(Settings):
    """Where the broker is and who we are there.

    `socket` is the path of a Unix socket to use instead of host and port. `client_id` is "tocsin-" and the link's id
    when not given; it must be ours alone, since the broker keeps what we have not acknowledged under this name.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    socket: str | None = None
    protocol: Literal["5", "3.1.1"] = "5"
    client_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    username: str | None = None
    password_file: str | None = None
    tls: TlsSettings | None = None
    keepalive: Annotated[int, Field(ge=2, le=60)] = 5  # seconds; a frozen broker is noticed after at most twice this

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file needs a username")
        if self.socket is not None and self.tls is not None:
            raise ValueError("tls makes no sense on a Unix socket: remove one of socket and tls")
        return self
