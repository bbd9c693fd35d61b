"""The matrix for a spreadsheet: one line for each cause."""

import csv
import io
from collections.abc import Iterator

from config.matrix.table import Matrix, Row

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would calculate instead of show


def as_csv(matrix: Matrix) -> str:
    """RFC 4180, lines ended as there. Times are seconds; an empty cell is an effect that does not follow."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_head(matrix))
    writer.writerows([_safe(cell) for cell in _cells(row, matrix)] for row in matrix.rows)
    return text.getvalue()


def _head(matrix: Matrix) -> list[str]:
    return [
        *("zone", "zone name", "区域", "devices", "number", "rule", "title", "名称", "category", "tier", "condition"),
        *("staff warning after s", "investigation"),
        *(f"evacuation {one.name}: {how}" for one in matrix.stages for how in ("alone s", "agreed s", "who agree")),
        *(f"output {output}" for output in matrix.outputs),
        *("suppresses", "notes"),
    ]


def _cells(row: Row, matrix: Matrix) -> Iterator[str]:
    yield from (row.zone, row.name.en, row.name.zh, " ".join(row.devices), str(len(row.devices) or ""))
    yield from (row.rule, row.title.en, row.title.zh, row.category, row.tier.word, row.condition)
    yield from (f"{row.warning_s:g}", row.investigation)
    for stage in matrix.stages:
        led = row.evacuations[stage.plan]
        agree = str(led.others + 1) if led.others else ""
        yield from (_seconds(led.alone_s, stage.after_s), _seconds(led.agreed_s, stage.after_s), agree)
    yield from ("x" for _ in matrix.outputs)
    yield from (" ".join(row.suppresses), "; ".join(row.notes))


def _seconds(begins_s: float | None, after_s: float) -> str:
    return "" if begins_s is None else f"{begins_s + after_s:g}"


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
