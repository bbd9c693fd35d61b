"""The broker that other tests lean on behaves as they assume."""

import socket
import ssl

import pytest
from paho.mqtt import MQTTException
from paho.mqtt.publish import single
from paho.mqtt.subscribe import simple

from tests.broker import Mosquitto


def test_an_orderly_stop_keeps_retained_messages_on_the_same_port(mosquitto: Mosquitto) -> None:
    """stop() and start() give the same broker back: same port, same retained messages."""
    port = mosquitto.port
    single("a", b"kept", qos=1, retain=True, hostname=mosquitto.host, port=port)
    mosquitto.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((mosquitto.host, port), timeout=1)
    mosquitto.start()
    message = simple("a", hostname=mosquitto.host, port=port)
    assert (mosquitto.port, message.payload) == (port, b"kept")


def test_a_kill_loses_what_was_not_written(mosquitto: Mosquitto) -> None:
    """kill() is a power cut: an acknowledged retained message that was not yet on disk is gone."""
    single("a", b"lost", qos=1, retain=True, hostname=mosquitto.host, port=mosquitto.port)
    mosquitto.kill()
    mosquitto.start()
    single("b", b"there", qos=1, retain=True, hostname=mosquitto.host, port=mosquitto.port)
    messages = simple(["a", "b"], hostname=mosquitto.host, port=mosquitto.port, msg_count=1)
    assert messages.payload == b"there"


def send(broker: Mosquitto, password: str) -> None:
    """Publish one message as the broker's user, with this password."""
    assert broker.username is not None
    single(
        "a",
        b"x",
        qos=1,
        hostname=broker.host,
        port=broker.port,
        auth={"username": broker.username, "password": password},
    )


def test_a_password_is_asked(mosquitto_password: Mosquitto) -> None:
    """The broker with a password takes its own and refuses another."""
    broker = mosquitto_password
    assert broker.username is not None and broker.password is not None
    send(broker, broker.password)
    with pytest.raises(MQTTException, match="Not authori"):
        send(broker, "wrong")


def test_a_certificate_is_asked(mosquitto_tls: Mosquitto) -> None:
    """The TLS broker proves itself by its authority and takes only clients with a certificate of it."""
    broker = mosquitto_tls
    assert broker.ca and broker.certificate and broker.key
    trusting = ssl.create_default_context(cafile=broker.ca)
    trusting.load_cert_chain(broker.certificate, broker.key)
    with (
        socket.create_connection((broker.host, broker.port), timeout=5) as wire,
        trusting.wrap_socket(wire, server_hostname="localhost") as link,
    ):
        link.sendall(bytes.fromhex("100d00044d51545404020005000161"))  # CONNECT, clean session, client id "a"
        assert link.recv(4) == bytes.fromhex("20020000")
    stranger = ssl.create_default_context()
    with (
        socket.create_connection((broker.host, broker.port), timeout=5) as wire,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        stranger.wrap_socket(wire, server_hostname="localhost")
