"""The MQTT clients of the bench: plain paho in its own thread, no delay by Nagle."""

import json
import socket
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

READINGS = "tocsin/dev/{device}/readings"
EVACUATION = "tocsin/evacuation"
CONFIRM = "tocsin/evacuation/confirm"
KEEPALIVE_S = 30
IN_FLIGHT = 200


def _no_delay(client: mqtt.Client, userdata: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def connect(host: str, port: int, client_id: str, *, clean: bool = True) -> mqtt.Client:
    """A connected MQTT 5 client whose network loop is not yet running; `clean=False` keeps its session."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
    client.on_socket_open = _no_delay
    client.max_inflight_messages_set(IN_FLIGHT)
    properties = Properties(PacketTypes.CONNECT)
    properties.ReceiveMaximum = IN_FLIGHT
    properties.SessionExpiryInterval = 0 if clean else 0xFFFFFFFF
    client.connect(host, port, KEEPALIVE_S, clean_start=clean, properties=properties)
    return client


def reading(boot: str, seq: int, **values: float | bool) -> bytes:
    """A message of Tocsin's own dialect."""
    return json.dumps({"boot": boot, "seq": seq, "readings": values}).encode()
