"""Fixtures that every test may use: real brokers, shared data, free ports."""

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from tests.broker import Mosquitto, find_free_port

ROOT = Path(__file__).resolve().parent.parent

# A shell starts what it runs in the background deaf to Ctrl-C, and children inherit that: what a test interrupts would
# go on for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Examples share two cores with brokers and daemons: one that is slow is no fault. What hangs ends by pytest's timeout.
settings.register_profile("tocsin", settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("tocsin")


@dataclass(frozen=True)
class Certificates:
    """PEM files of a private authority, a server named localhost and 127.0.0.1, and a client named tocsin."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker that lets everybody in."""
    yield from _running(Mosquitto(_folder(tmp_path)))


@pytest.fixture
def mosquitto_password(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker that lets in only its `username` with its `password`."""
    folder = _folder(tmp_path)
    passwords = folder / "passwords"
    _run("mosquitto_passwd", "-b", "-c", str(passwords), "tocsin", "correct horse")
    settings = f"allow_anonymous false\npassword_file {passwords}\n"
    yield from _running(Mosquitto(folder, settings, username="tocsin", password="correct horse"))


@pytest.fixture
def mosquitto_tls(tmp_path: Path, certificates: Certificates) -> Iterator[Mosquitto]:
    """A running broker that speaks TLS only and lets in only clients with a certificate of its `ca`."""
    settings = (
        f"allow_anonymous true\ncafile {certificates.ca}\ncertfile {certificates.server}\n"
        f"keyfile {certificates.server_key}\nrequire_certificate true\n"
    )
    yield from _running(
        Mosquitto(
            _folder(tmp_path),
            settings,
            ca=certificates.ca,
            certificate=certificates.client,
            key=certificates.client_key,
        )
    )


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates made for this run."""
    folder = tmp_path_factory.mktemp("certificates")
    made = Certificates(*(folder / name for name in ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")))
    authority = folder / "ca.key"
    _run(*_new_key(authority), "-x509", "-days", "2", "-subj", "/CN=test authority", "-out", str(made.ca))
    for name, certificate, key, extension in (
        ("localhost", made.server, made.server_key, "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        ("tocsin", made.client, made.client_key, "extendedKeyUsage=clientAuth"),
    ):
        request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
        extensions.write_text(extension + "\n")
        _run(*_new_key(key), "-subj", f"/CN={name}", "-out", str(request))
        _run(
            *("openssl", "x509", "-req", "-days", "2", "-in", str(request), "-CA", str(made.ca)),
            *("-CAkey", str(authority), "-CAcreateserial", "-extfile", str(extensions), "-out", str(certificate)),
        )
    return made


@pytest.fixture
def free_port() -> int:
    """A loopback port that nobody listens on."""
    return find_free_port()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded data that lies beside the repository; without it the test is skipped, and says so."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"NOT RUN: the recorded data is not at {folder}")
    return folder


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    return folder


def _running(broker: Mosquitto) -> Iterator[Mosquitto]:
    broker.start()
    try:
        yield broker
    finally:
        broker.close()


def _new_key(path: Path) -> tuple[str, ...]:
    return ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(path))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=30)
