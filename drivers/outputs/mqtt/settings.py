"""Settings of the MQTT output."""

from drivers.settings import Settings, TopicPrefix


class MqttOutputSettings(Settings):
    """`link` names the link whose broker is used, on a connection of our own; `prefix` is the first part of every topic."""

    link: str
    prefix: TopicPrefix = "tocsin"
