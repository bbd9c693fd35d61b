"""The journal as InfluxDB line protocol, as docs/history.md names it, for import into a database by other means."""

from typing import BinaryIO

from daemon.history.lines import Lines
from daemon.journal.export import Progress
from daemon.journal.rows import PAGE_ROWS, Reader, Span, share_of

PREFIX = "tocsin_"


def write(reader: Reader, span: Span, out: BinaryIO, progress: Progress) -> int:
    """Implements daemon.journal.export.Write. The journal alone does not know the venue: no tag venue, no zone of a
    device.
    """
    count = 0
    share, lines = share_of(reader, span), Lines("", {}, PREFIX)
    for number, row in enumerate(reader.rows(span)):
        if number % PAGE_ROWS == 0:
            progress(share(row.seq))
        told = lines.of(row, reader.signals(row), reader.events(row))
        out.writelines(f"{line}\n".encode() for line in told)
        count += len(told)
    progress(1.0)
    return count
