"""The venue of a recording: one floor, a room for each part of the building, a detector for each position.

It is written as an ordinary configuration and loaded as one, so that the rules are selected, ordered and checked as in
any venue.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from config.load import load
from config.problem import ConfigError
from rules.plan import Plan
from workbench.fires.recording import Detector

STOCK = "stock:fire"
STALE_AFTER_S = 100  # the longest silence of a fire detector (EN 54-2 8.1)


@lru_cache(maxsize=64)
def plan_for(detectors: tuple[Detector, ...], rules: tuple[Path, ...] = ()) -> Plan:
    """The rules, by default the stock fire pack, in a building with these detectors.

    Raises ConfigError when rules of one's own have a problem, or need something that such a building does not have.
    """
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder:
        directory = Path(folder)
        (directory / "rules").mkdir()
        copies = {f"rules/{number}-{path.stem}.yaml": path for number, path in enumerate(rules)}
        for name, path in copies.items():
            (directory / name).write_bytes(path.read_bytes())
        (directory / "venue.yaml").write_text(json.dumps(_venue(detectors, list(copies) or [STOCK])), encoding="utf-8")
        try:
            return load(directory).plan
        except ConfigError as error:
            written = {str(directory / name): str(path) for name, path in copies.items()}
            problems = (replace(one, file=written.get(one.file, one.file)) for one in error.problems)
            raise ConfigError(problems) from None


def _venue(detectors: Sequence[Detector], rules: list[str]) -> dict[str, object]:
    """The configuration; JSON is YAML. Its link is never opened."""
    return {
        "venue": {"id": "building", "name": {"en": "Building", "zh": "建筑"}},
        "rules": rules,
        "links": [{"id": "broker", "kind": "mqtt", "host": "127.0.0.1", "drivers": [{"kind": "tocsin"}]}],
        "zones": [
            {"id": "floor", "kind": "floor"},
            *({"id": room, "in": "floor", "kind": "room"} for room in sorted({one.room for one in detectors})),
        ],
        "devices": [
            {
                "id": one.id,
                "kind": one.kind,
                "zone": one.room,
                "link": "broker",
                "driver": "tocsin",
                "quantities": list(one.quantities),
                "stale_after": f"{STALE_AFTER_S}s",
            }
            for one in detectors
        ],
        "outputs": [{"id": "broker", "kind": "mqtt", "link": "broker"}, {"id": "log", "kind": "log"}],
        "evacuation_plans": [
            {
                "id": "whole-building",
                "zones": ["building"],
                "message": {"en": "Leave now.", "zh": "请立即撤离。"},
                "assembly_point": {"en": "Outside", "zh": "室外"},
            }
        ],
    }
