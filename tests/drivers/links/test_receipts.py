"""Gathering application acknowledgements."""

import asyncio

from drivers.contract import Binding, Receipt
from drivers.links.receipts import PENDING_LIMIT, Receipts
from drivers.tocsin.codec import encode_receipts
from drivers.tocsin.driver import TocsinDialect
from drivers.tocsin.settings import TocsinSettings


def test_numbers_become_ranges_for_each_device_and_boot() -> None:
    """Repeats count once, order does not matter, boots are kept apart."""
    receipts = [Receipt("a", "x", seq) for seq in (5, 3, 4, 9, 4)] + [Receipt("a", "y", 1), Receipt("b", "x", 1)]
    assert encode_receipts(receipts) == [
        ("a", b'{"boot":"x","seqs":[[3,5],[9,9]]}'),
        ("a", b'{"boot":"y","seqs":[[1,1]]}'),
        ("b", b'{"boot":"x","seqs":[[1,1]]}'),
    ]


async def test_receipts_wait_a_moment_for_each_other_and_not_longer() -> None:
    """What is added in one turn of the loop is one message; a full waiting room goes at once."""
    sent: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
    receipts = Receipts(lambda topic, payload: sent.put_nowait((topic, payload)))
    dialect = TocsinDialect(TocsinSettings(), [Binding("det", "det-1", frozenset())])
    receipts.add(dialect, Receipt("det", "b", 1))
    receipts.add(dialect, Receipt("det", "b", 2))
    assert sent.empty()
    began = asyncio.get_running_loop().time()
    assert await sent.get() == ("tocsin/cmd/det-1/ack", b'{"boot":"b","seqs":[[1,2]]}')
    assert asyncio.get_running_loop().time() - began >= 0.04
    for seq in range(PENDING_LIMIT):
        receipts.add(dialect, Receipt("det", "b", seq))
    assert sent.get_nowait()[1] == b'{"boot":"b","seqs":[[0,%d]]}' % (PENDING_LIMIT - 1)
