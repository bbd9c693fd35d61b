"""One line of a table of figures, and the figures of many."""


def row(what: str, tocsin: float, bare: float | None, unit: str, goal: str) -> str:
    """The figure, what it is measured against if there is such a thing, and the ratio of the two."""
    if bare is None:
        return f"{what:44} {tocsin:>10.2f} {'':>10} {'':>7}  {unit:12} {goal}"
    return f"{what:44} {tocsin:>10.2f} {bare:>10.2f} {tocsin / bare:>7.2f}  {unit:12} {goal}"


def percentile(values: list[float], share: float) -> float:
    """The value below which a share of all values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
