"""Settings of the Megatec/Q1 driver."""

from typing import Annotated

from pydantic import Field

from drivers.settings import Duration, Settings


class MegatecSettings(Settings):
    """`poll` is how often the UPS is asked while the mains is there; on battery it is asked each second at least.

    `identity` is how the UPS's own answer to I must begin, for instance "SANTAK"; another UPS on this line is then a
    fault and nothing it says is believed. Empty: whichever UPS answers is taken.
    """

    poll: Annotated[Duration, Field(ge=0.5, le=30)] = 2.0  # below 0.5 s the 0.22 s of one exchange fill the line
    identity: Annotated[str, Field(max_length=38)] = ""
