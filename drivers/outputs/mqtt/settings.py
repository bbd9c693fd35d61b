"""Settings of the MQTT output."""

from drivers.settings import Settings, TopicPrefix


class MqttOutputSettings(Settings):
    """`link` names the link whose broker is used, over our own connection; `prefix` begins every topic."""

    link: str
    prefix: TopicPrefix = "tocsin"
