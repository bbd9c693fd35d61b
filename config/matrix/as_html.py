"""The matrix for people: one page that needs nothing else, to read on a screen and to print on A3 landscape."""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from config.matrix.table import Evacuation, Matrix, Row
from rules.tier import Tier

_TIER_ZH = {Tier.BLUE: "蓝", Tier.YELLOW: "黄", Tier.ORANGE: "橙", Tier.RED: "红"}
SHOWN = 3  # devices named in a cell before the rest is only counted

_MADE_EN = "Made from the files {digest}. Times are seconds from the signal, with staff at their slowest."
_MADE_ZH = "由规则文件生成；时间单位为秒，自信号起，按人员最慢响应计。"
_STYLE = """
@page { size: A3 landscape; margin: 10mm; }
body { font: 12px/1.35 "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 16px; color: #111; }
h1 { font-size: 20px; margin: 0 0 4px; } p { margin: 2px 0 10px; color: #444; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #888; padding: 3px 6px; text-align: left; vertical-align: top; }
thead { display: table-header-group; } thead th { background: #e8e8e8; }
tr { break-inside: avoid; } tr.zone th { background: #333; color: #fff; }
td.mark { text-align: center; } td.time { white-space: nowrap; }
code { font-size: 11px; overflow-wrap: anywhere; } small { color: #555; }
.tier { font-weight: bold; white-space: nowrap; }
.blue { background: #cfe2ff; } .yellow { background: #fff3a3; }
.orange { background: #ffcf99; } .red { background: #ffb3b3; }
@media print { * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } body { margin: 0; font-size: 9px; } }
""".strip()


def as_html(matrix: Matrix) -> str:
    """The whole page."""
    title = f"{_both(matrix.venue.en, matrix.venue.zh)}: cause and effect 因果关系表"
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(f'{_MADE_EN} {_MADE_ZH}'.format(digest=matrix.digest[:12]))}</p>",
        *(f"<p>{escape(f'{one.name}: {_both(one.words.en, one.words.zh)}')}</p>" for one in matrix.stages),
        f"<table>\n<thead>\n{_head(matrix)}\n</thead>\n<tbody>",
        *_body(matrix),
        "</tbody>\n</table>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _head(matrix: Matrix) -> str:
    columns = [
        *("Devices 设备", "Cause 原因", "Condition 条件", "Staff warning 人员预警", "Investigation 现场确认"),
        *(f"Evacuation 疏散 {stage.name}" for stage in matrix.stages),
        *(f"Output 输出 {output}" for output in matrix.outputs),
        *("Suppresses 抑制", "Notes 备注"),
    ]
    return "<tr>" + "".join(f'<th scope="col">{escape(column)}</th>' for column in columns) + "</tr>"


def _body(matrix: Matrix) -> Iterator[str]:
    width = 7 + len(matrix.stages) + len(matrix.outputs)
    for _, rows in groupby(matrix.rows, key=lambda row: row.zone):
        first, *more = rows
        name = escape(f"{_both(first.name.en, first.name.zh)} ({first.zone})")
        yield f'<tr class="zone"><th colspan="{width}" scope="rowgroup">{name}</th></tr>'
        yield from (_row(row, matrix) for row in (first, *more))


def _row(row: Row, matrix: Matrix) -> str:
    tier = f"{row.tier.word} {_TIER_ZH[row.tier]}"
    rule = f"{row.rule}, {row.category}"
    led = [_evacuation(row.evacuations[stage.plan], stage.after_s) for stage in matrix.stages]
    cells = [
        f"<td>{escape(_devices(row.devices))}</td>",
        f"<td>{escape(_both(row.title.en, row.title.zh))}<br><small>{escape(rule)}</small></td>",
        f"<td><code>{escape(row.condition)}</code></td>",
        f'<td class="tier {row.tier.word}">{escape(tier)}, {row.warning_s:g} s</td>',
        f"<td>{escape(row.investigation)}</td>",
        *(f'<td class="time">{escape(one)}</td>' for one in led),
        *('<td class="mark">×</td>' for _ in matrix.outputs),
        f"<td>{escape(', '.join(row.suppresses))}</td>",
        f"<td>{escape('; '.join(row.notes))}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _devices(devices: tuple[str, ...]) -> str:
    if not devices:
        return "the whole zone 整个区域"
    if len(devices) <= SHOWN:
        return ", ".join(devices)
    return f"{devices[0]} ... {devices[-1]} ({len(devices)})"


def _evacuation(led: Evacuation, after_s: float) -> str:
    told = [] if led.alone_s is None else [f"{led.alone_s + after_s:g} s"]
    if led.agreed_s is not None:
        told.append(f"{led.agreed_s + after_s:g} s when {led.others + 1} agree")
    return "; ".join(told)


def _both(english: str, chinese: str) -> str:
    return f"{english} {chinese}".strip()
