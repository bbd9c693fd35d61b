"""Settings of Tocsin's own dialect."""

from drivers.settings import Settings, TopicPrefix


class TocsinSettings(Settings):
    """`prefix` is the first part of every topic. `proof`: a message of our own goes round over this link each
    minute, and its absence is a fault.
    """

    prefix: TopicPrefix = "tocsin"
    proof: bool = True
