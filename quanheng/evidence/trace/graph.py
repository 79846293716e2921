"""The trace graph: one item followed up to its roots, everything below a standard, or all items at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from quanheng.errors import InputError
from quanheng.evidence.trace.columns import (
    CODES,
    CONDEMNED,
    CYCLE,
    NEVER,
    NO_ROOT,
    OK,
    Certificates,
    Frame,
    Ints,
    Items,
    Rows,
    Uses,
    date_of,
    day_of,
    read_edges,
    read_nodes,
)
from quanheng.evidence.trace.links import Judged, judge, resolve
from quanheng.evidence.trace.propagate import Chains, Links, propagate
from quanheng.evidence.trace.recall import downstream
from quanheng.evidence.trace.rows import Row, read_rows


class Graph:
    """Items, certificates and uses in memory. Build it with :meth:`from_columns`."""

    def __init__(self, items: Items, certificates: Certificates, uses: Uses, rows: Rows) -> None:
        self.items, self.certificates = items, certificates
        self._rows = rows
        order = np.argsort(uses.certificate, kind="stable")
        self.uses = uses.take(order)
        self.judged: Judged = judge(items, certificates, self.uses)
        self.links, _ = Links.sorted(
            len(certificates), self.uses.certificate, self.uses.standard, self.judged.code, self.judged.target
        )

    @classmethod
    def from_columns(cls, nodes: Frame, edges: Frame) -> Graph:
        """A graph from a nodes and an edges table (docs/trace-format.md); raises InputError where they are wrong."""
        items, certificates, item_rows, certificate_rows = read_nodes(nodes)
        return cls(items, certificates, read_edges(edges, item_rows, certificate_rows), item_rows)

    @classmethod
    def from_rows(cls, items: Sequence[Row], certificates: Sequence[Row], uses: Sequence[Row]) -> Graph:
        """The same graph from a few rows (see :func:`quanheng.evidence.trace.rows.read_rows`), sooner."""
        return cls(*read_rows(items, certificates, uses))

    @cached_property
    def chains(self) -> Chains:
        """The state of every certificate, whatever the day."""
        return propagate(self.certificates, self.links)

    # one item

    def prove(self, item: Any, at: dt.date) -> dict[str, Any]:
        """Follow one item link by link; the answer keeps the contract of ``quanheng trace prove``."""
        row = self._item(item)
        answer = {"proven": False, "holds": False, "item": item, "at": at.isoformat(), "chain": [], "broken": None}
        if self.items.condemned_from[row] <= day_of(at):
            return {**answer, "broken": self._broken(row, CONDEMNED)}
        if self.items.is_root[row]:
            return {**answer, "proven": True, "holds": True}
        found = resolve(self.certificates, np.array([row], np.int32), np.array([day_of(at)], np.int32))
        certificate = int(found.certificate[0])
        if certificate < 0:
            return {**answer, "broken": self._broken(row, int(found.code[0]))}
        order, cyclic = self._walk(certificate)
        links = [self._link(edge) for above in order for edge in self._edges(above)]
        broken = self._first_broken(certificate, cyclic)
        proven = broken is None and all(self.certificates.proven[above] for above in order)
        return {**answer, "chain": links, "holds": broken is None, "proven": bool(proven), "broken": broken}

    def _walk(self, start: int) -> tuple[list[int], set[int]]:
        """Certificates above one, in the order they are met, and those of them from which a cycle is reached."""
        order, closed, looping = [start], {start: False}, set()
        stack = [(start, iter(self._targets(start)))]
        while stack:
            certificate, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                stack.pop()
                closed[certificate] = True
            elif target not in closed:
                order.append(target)
                closed[target] = False
                stack.append((target, iter(self._targets(target))))
            elif not closed[target]:
                looping.add(certificate)
        return order, self._below(order, looping) if looping else looping

    def _below(self, order: list[int], certificates: set[int]) -> set[int]:
        """These certificates and all of ``order`` from which one of them is reached."""
        hanging: dict[int, list[int]] = {}
        for certificate in order:
            for target in self._targets(certificate):
                hanging.setdefault(target, []).append(certificate)
        found, todo = set(certificates), list(certificates)
        while todo:
            fresh = [certificate for certificate in hanging.get(todo.pop(), ()) if certificate not in found]
            found.update(fresh)
            todo.extend(fresh)
        return found

    def _first_broken(self, certificate: int, cyclic: set[int]) -> dict[str, Any] | None:
        """Where the chain breaks first, in the order the links were entered."""
        if certificate in cyclic:
            edge = next(e for e in self._edges(certificate) if int(self.judged.target[e]) in cyclic)
            return self._broken(int(self.uses.standard[edge]), CYCLE)
        seen: set[int] = set()
        stack = [certificate]
        while stack:
            above = stack.pop()
            if above < 0:
                edge = -1 - above
                return self._broken(int(self.uses.standard[edge]), int(self.judged.code[edge]))
            if above in seen:
                continue
            seen.add(above)
            edges = self._edges(above)
            if not edges:
                return self._broken(int(self.certificates.item[above]), NO_ROOT)
            good = [self.judged.code[edge] == OK for edge in edges]
            steps = [int(self.judged.target[edge]) if ok else -1 - edge for edge, ok in zip(edges, good, strict=True)]
            stack.extend(reversed([step for step, ok in zip(steps, good, strict=True) if step >= 0 or not ok]))
        return None

    def _edges(self, certificate: int) -> range:
        return range(int(self.links.starts[certificate]), int(self.links.starts[certificate + 1]))

    def _targets(self, certificate: int) -> list[int]:
        edges = self._edges(certificate)
        return [int(target) for target in self.judged.target[edges.start : edges.stop] if target >= 0]

    def _link(self, edge: int) -> dict[str, Any]:
        uses, above = self.uses, int(self.uses.certificate[edge])
        ratio = float(uses.u_ratio[edge])
        numbers = self.certificates.numbers
        return {
            "certificate": self.certificates.ids[above],
            "number": None if numbers is None else numbers[above],
            "item": self.items.ids[int(self.certificates.item[above])],
            "standard": self.items.ids[int(uses.standard[edge])],
            "used_on": date_of(int(uses.used_on[edge])),
            "valid_from": date_of(int(self.certificates.valid_from[above])),
            "valid_to": date_of(int(self.certificates.valid_to[above])),
            "u_ratio": None if np.isnan(ratio) else ratio,
            "basis": "proven" if self.certificates.proven[above] else "declared",
            "ok": bool(self.judged.code[edge] == OK),
            "code": CODES[int(self.judged.code[edge])] or None,
        }

    def _broken(self, item: int, code: int) -> dict[str, Any]:
        return {"at": self.items.ids[item], "code": CODES[code]}

    def _item(self, item: Any) -> int:
        try:
            return int(self._rows.of(pl.Series([item]), "item")[0])
        except (TypeError, ValueError, OverflowError):
            raise InputError("trace_columns", f"There is no item with the id {item}.", "item") from None

    # everything below a standard

    def recall(self, standard: Any, since: dt.date, until: dt.date, *, at: dt.date | None = None) -> pl.DataFrame:
        """Every certificate that hangs on uses of the standard between two days, both included.

        Columns: certificate, number, item, depth (1 used it directly), used_on (first use that leads there), state on
        the day ``at`` (in_force, superseded, expired, void), in_use, severity (high, medium, low).
        """
        if until < since:
            raise InputError("period", "A recall goes from an earlier day to a later one.", "until")
        row = self._item(standard)
        certificate, depth, used_on = downstream(
            self.uses, self.judged.latest, len(self.certificates), row, day_of(since), day_of(until)
        )
        return self._affected(certificate, depth, used_on, day_of(at or until))

    def _affected(self, certificate: Ints, depth: Ints, used_on: Ints, day: int) -> pl.DataFrame:
        held, item = self.certificates, self.certificates.item[certificate]
        current = resolve(held, item, np.full(len(item), day, np.int32)).certificate == certificate
        state = np.full(len(item), "superseded", dtype=object)
        state[held.valid_to[certificate] < day] = "expired"
        state[held.void_from[certificate] <= day] = "void"
        state[current] = "in_force"
        in_use = current & (self.items.condemned_from[item] > day)
        severity = np.where(in_use & (depth == 1), "high", np.where(in_use, "medium", "low"))
        numbers = held.numbers
        return pl.DataFrame(
            {
                "certificate": held.ids[certificate],
                "number": pl.Series([None] * len(item), dtype=pl.String) if numbers is None else numbers[certificate],
                "item": self.items.ids[item],
                "depth": depth,
                "used_on": pl.Series(used_on, dtype=pl.Int32).cast(pl.Date),
                "state": pl.Series(state.tolist(), dtype=pl.String),
                "in_use": in_use,
                "severity": pl.Series(severity.tolist(), dtype=pl.String),
            }
        )

    # all items

    def audit(self, at: dt.date) -> pl.DataFrame:
        """Every item at once; the same answer as :meth:`prove` for each. Columns as in docs/trace-format.md."""
        return audit(self.items, self.certificates, self.chains, at)


def audit(items: Items, certificates: Certificates, chains: Chains, at: dt.date) -> pl.DataFrame:
    """The state of all items on a day from the state of all certificates."""
    count = len(items)
    everyone = np.arange(count, dtype=np.int32)
    found = resolve(certificates, everyone, np.full(count, day_of(at), np.int32))
    has = found.certificate >= 0
    row = np.where(has, found.certificate, 0)
    code, broken_at, proven = found.code.copy(), everyone.copy(), np.zeros(count, np.bool_)
    if len(certificates):
        code[has], broken_at[has], proven[has] = chains.code[row[has]], chains.at[row[has]], chains.proven[row[has]]
    code[items.is_root], proven[items.is_root] = OK, True
    condemned = items.condemned_from <= day_of(at)
    code[condemned], proven[condemned], broken_at[condemned] = CONDEMNED, False, everyone[condemned]
    holds = code == OK
    shown = pl.Series(np.where(has, found.certificate, 0), dtype=pl.Int32).set(pl.Series(~has), None)
    place = pl.Series(np.where(holds, 0, broken_at), dtype=pl.Int32).set(pl.Series(holds), None)
    return pl.DataFrame(
        {
            "item": items.ids,
            "holds": holds,
            "proven": proven & holds,
            "certificate": certificates.ids.gather(shown) if len(certificates) else pl.Series([None] * count),
            "valid_to": _dates(certificates.valid_to, row, has),
            "code": pl.Series(code)
            .cast(pl.Int32)
            .replace_strict(range(len(CODES)), [name or None for name in CODES], return_dtype=pl.String),
            "broken_at": items.ids.gather(place),
        }
    )


def _dates(days: Ints, row: Ints, has: Any) -> pl.Series:
    if not len(days):
        return pl.Series([None] * len(row), dtype=pl.Date)
    picked = days[row]
    return pl.Series(picked, dtype=pl.Int32).set(pl.Series(~has | (picked == NEVER)), None).cast(pl.Date)
