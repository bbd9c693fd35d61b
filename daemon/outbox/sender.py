"""Tries the deliveries of one output, and keeps the account of what came of them."""

import asyncio
import logging
import random
from collections.abc import Callable

from daemon.clock import Clock
from daemon.outbox.complaints import Complaints
from daemon.outbox.job import Job
from daemon.outbox.ledger import Outcome, Settled
from drivers.contract import DeliveryFailed, Output
from rules.signal import Signal

JITTER = 0.25  # a wait is shortened by up to this share, so that outputs on one broker do not try in step

_log = logging.getLogger(__name__)
_random = random.SystemRandom()


class Bug(DeliveryFailed):
    """The output failed in a way that no contract knows; it may be this very decision that trips it."""


class Sender:
    """`settle` is told how each delivery ended, `report` what is not well."""

    def __init__(
        self,
        output: Output,
        clock: Clock,
        settle: Callable[[Settled], None],
        report: Callable[[Signal], None],
    ) -> None:
        self.output = output
        self.source = f"output/{output.name}"
        self.complaints = Complaints(self.source, clock, report)
        self._clock = clock
        self._settle = settle
        self.delivered = 0
        self.failed = 0
        self.last_error = ""

    def prepare(self, job: Job) -> None:
        """Let the output do beforehand what takes time."""
        try:
            self.output.prepare(job.delivery)
        except Exception:  # noqa: BLE001 - a bug in an output must not stop the others; the delivery meets it again
            _log.exception("%s: a bug in the output", self.source)

    async def attempt(self, job: Job, within_s: float) -> DeliveryFailed | None:
        """One try, which ends when the delivery would be too old. None when the far end has confirmed."""
        if job.delivery.expires is not None:
            within_s = min(within_s, job.delivery.expires - self._clock.now())
        job.tries += 1
        try:
            async with asyncio.timeout(within_s):
                await self.output.deliver(job.delivery)
        except DeliveryFailed as failed:
            failure: DeliveryFailed = failed
            job.reason = "failed"
        except TimeoutError:
            failure = DeliveryFailed(f"no confirmation within {within_s:.0f} s", retry=True)
            job.reason = "unconfirmed"
        except Exception as error:  # noqa: BLE001 - a bug in an output must not stop the others
            _log.exception("%s: a bug in the output", self.source)
            failure = Bug(f"a bug in the output: {error!r:.200}", retry=True)
            job.reason = "failed"
        else:
            self.delivered += 1
            self.complaints.confirmed()
            return None
        self.failed += 1
        self.last_error = job.error = str(failure)
        return failure

    def expired(self, job: Job) -> bool:
        """Whether it must not be carried out any more."""
        return job.delivery.expires is not None and self._clock.now() >= job.delivery.expires

    def end(self, job: Job, outcome: Outcome, who: str = "", why: str = "") -> None:
        """It is owed no more."""
        job.given_up = True
        if outcome == "expired":
            tried = f"after {job.tries} tries, the last: {job.error}" if job.tries else "before it could be sent"
            self.complaints.lost("expired", f"{job} was too old {tried}; it is not sent any more")
        self._settle(Settled(job.decision, self.output.name, outcome, who, why))


def jittered(seconds: float) -> float:
    return seconds * _random.uniform(1.0 - JITTER, 1.0)
