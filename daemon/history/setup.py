"""The exports that a venue's file asks for."""

from collections.abc import Callable
from pathlib import Path

from config.setup import HistorySetup, Setup
from daemon.clock import Clock
from daemon.history.export import Export
from daemon.history.job import Job, Target
from daemon.journal.keeping import keeping_of
from rules.signal import Signal
from rules.venue import Venue

FOLDER = "history"  # in the state folder: cursors, and what servers refused


def build_exports(setup: Setup, journal: Path, clock: Clock, report: Callable[[Signal], None]) -> tuple[Export, ...]:
    """One for each entry of `history`, not yet running."""
    zones, keeping = zones_of(setup.plan.venue), keeping_of(setup)
    return tuple(
        Export(
            Job(
                str(journal.absolute()),
                str(journal.parent.absolute() / FOLDER),
                setup.plan.venue.root,
                _target(one, setup.directory),
                zones,
            ),
            one.settings.behind_after,
            clock,
            report,
            keeping,
        )
        for one in setup.history
    )


def zones_of(venue: Venue) -> dict[str, str]:
    """In which zone each device is."""
    return {device.id: device.zone for device in venue.devices.values()}


def _target(one: HistorySetup, directory: Path) -> Target:
    settings = one.settings

    def file(written: str | None) -> str:
        """Beside the venue's file unless it is a whole path."""
        return str(directory.absolute() / written) if written else ""

    return Target(
        one.id,
        settings.url,
        settings.org,
        settings.bucket,
        file(settings.token_file),
        file(settings.tls.ca if settings.tls else None),
        file(settings.tls.certificate if settings.tls else None),
        file(settings.tls.key if settings.tls else None),
        settings.prefix,
        settings.batch_points,
        float(settings.points_per_second),
        settings.resend_window,
        settings.answer_within,
    )
