"""Settings of Tocsin's own dialect."""

from drivers.settings import Settings, TopicPrefix


class TocsinSettings(Settings):
    """`prefix` is the first part of every topic."""

    prefix: TopicPrefix = "tocsin"
