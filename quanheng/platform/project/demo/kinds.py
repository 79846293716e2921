"""What instruments there are in the region (kinds.csv), and how many a kind of firm has (holdings.csv)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from quanheng.platform.project.demo.tables import rows


@dataclass(frozen=True)
class Kind:
    """One kind of instrument. ``models``: specification, range, class. ``lot``: entered as serial ranges so large."""

    key: str
    category: str
    name: str
    use: str
    months: int
    models: tuple[tuple[str, str, str], ...]
    makers: tuple[str, ...]
    place: str
    on_site: bool
    letter: str
    lot: tuple[int, int] | None


def _model(text: str) -> tuple[str, str, str]:
    specification, measuring_range, accuracy = text.split(";")
    return specification, measuring_range, accuracy


def _kind(row: dict[str, str]) -> Kind:
    low, _dash, high = row["lot"].partition("-")
    return Kind(
        key=row["key"],
        category=row["category"],
        name=row["name"],
        use=row["use"],
        months=int(row["months"]),
        models=tuple(_model(m) for m in row["models"].split("|")),
        makers=tuple(row["makers"].split("|")),
        place=row["place"],
        on_site=row["on_site"] == "yes",
        letter=row["letter"],
        lot=(int(low), int(high)) if high else None,
    )


def _holdings() -> dict[str, dict[str, tuple[int, int]]]:
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in rows("holdings.csv"):
        found[row["trade"]][row["kind"]] = (int(row["low"]), int(row["high"]))
    return dict(found)


KINDS: dict[str, Kind] = {row["key"]: _kind(row) for row in rows("kinds.csv")}
HOLDINGS = _holdings()
