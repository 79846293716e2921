"""Lists as tables: a list of columns, columns that are lists of single values, lists of lists."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from quanheng.evidence.dcc.certificate import Quantity, Table
from quanheng.evidence.dcc.read_quantity import alike, joined, quantities
from quanheng.evidence.dcc.walk import child, children, refs, texts, value


def tables_in(holder: etree._Element | None) -> Iterator[Table]:
    """The tables of the lists directly below. Neighbours of single values in one unit are columns of one table."""
    name = texts(holder, "name") if holder is not None else {}
    side_by_side: list[Quantity] = []
    for inner in children(holder, "list"):
        column = _column(inner)
        if side_by_side and (column is None or len(column.values) != len(side_by_side[0].values)):
            yield Table(name, (), tuple(side_by_side))
            side_by_side = []
        if column is None:
            yield from table_of(inner)
        else:
            side_by_side.append(column)
    if side_by_side:
        yield Table(name, (), tuple(side_by_side))


def table_of(element: etree._Element) -> Iterator[Table]:
    """The table a list forms, then those of the lists inside it."""
    columns = tuple(quantities(element, "quantity"))
    if columns:
        times = (value(element, "dateTime") or value(element, "dateTimeXMLList")).split()
        yield Table(texts(element, "name"), refs(element), columns, tuple(times))
    yield from tables_in(element)


def _column(element: etree._Element) -> Quantity | None:
    """A named list of unnamed single values in one unit, which is how older files write a column; None otherwise."""
    cells = list(quantities(element, "quantity"))
    name = texts(element, "name")
    if len(cells) < 2 or not name or child(element, "list") is not None:
        return None
    plain = all(c.kind == "real" and len(c.values) == 1 and not c.name for c in cells)
    if not plain or len({(c.ref_types, c.units, c.uncertainty and c.uncertainty.kind) for c in cells}) > 1:
        return None
    stated = [c.uncertainty for c in cells if c.uncertainty is not None]
    relative = [c.relative for c in cells if c.relative is not None]
    if len(relative) not in (0, len(cells)) or len({len(c.conformity) for c in cells}) > 1:
        return None
    return Quantity(
        name,
        tuple(dict.fromkeys((*refs(element), *cells[0].ref_types))),
        "real",
        tuple(c.values[0] for c in cells),
        alike(tuple(u for c in cells for u in c.units)),
        joined(stated) if stated else None,
        tuple(label for c in cells for label in c.label),
        tuple(t for c in cells for t in c.times),
        tuple(v for c in cells for v in c.conformity),
        id=element.get("id") or "",
        relative=joined(relative) if relative else None,
    )
