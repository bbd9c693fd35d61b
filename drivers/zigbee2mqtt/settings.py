"""Settings of the Zigbee2MQTT dialect."""

from drivers.settings import Settings, TopicPrefix


class Zigbee2MqttSettings(Settings):
    """`base` is Zigbee2MQTT's own `base_topic`. Devices named in `ignore` are known not to matter here.

    `actions` are the words of a button that mean a press for help, `quiet_actions` those that mean nothing; any other
    word is reported. A device's `options.actions` and `options.quiet_actions` take the place of these.
    """

    base: TopicPrefix = "zigbee2mqtt"
    actions: frozenset[str] = frozenset(
        ("emergency", "panic", "sos", "single", "double", "triple", "hold", "long", "press", "on")
    )
    quiet_actions: frozenset[str] = frozenset(("release", "off", "", "none"))
    ignore: frozenset[str] = frozenset()
