"""Reads of the trace graph: the part of it a question needs, handed to the engine that proves."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl
from django.db import connection
from django.db.models import QuerySet

from quanheng.errors import InputError
from quanheng.evidence.trace import Graph
from quanheng.platform.kernel import people
from quanheng.platform.kernel.actors import Actor, region_prefix
from quanheng.platform.kernel.models import Region
from quanheng.platform.trace.models import NodeKind, TraceCertificate, TraceNode, TraceUse
from quanheng.platform.trace.registries import FINDERS

CHUNK = 500
KEPT = 100  # items: chains of standards, not the reach of a recall


Proofs = dict[tuple[uuid.UUID, dt.date], dict[str, Any]]
_proofs: ContextVar[Proofs | None] = ContextVar("proofs", default=None)


def visible(viewer: Actor) -> QuerySet[TraceNode]:
    """Items of the viewer's own organisations or supervised region; upper ones show through chains only."""
    return TraceNode.objects.filter(people.scope_q(viewer, owner="organisation", region="region_id"))


def _reached(start: Iterable[uuid.UUID], one: str, other: str) -> set[uuid.UUID]:
    """These items and every item reached over certificates and uses; the database walks, in one question."""
    papers, uses = TraceCertificate._meta.db_table, TraceUse._meta.db_table
    edges = f"{papers} c JOIN {uses} u ON u.certificate_id = c.id"
    step = f"SELECT {other} FROM reached JOIN ({edges}) ON {one} = reached.id"  # noqa: S608 our own names only
    seen = set(start)
    ids = [TraceNode._meta.pk.get_db_prep_value(item, connection) for item in seen]
    with connection.cursor() as cursor:
        for i in range(0, len(ids), CHUNK):
            places = ", ".join(["%s"] * len(ids[i : i + CHUNK]))
            begin = f"SELECT id FROM {TraceNode._meta.db_table} WHERE id IN ({places})"  # noqa: S608
            walk = f"WITH RECURSIVE reached(id) AS ({begin} UNION {step}) SELECT id FROM reached"  # noqa: S608
            cursor.execute(walk, ids[i : i + CHUNK])
            seen.update(item if isinstance(item, uuid.UUID) else uuid.UUID(item) for (item,) in cursor.fetchall())
    return seen


def _above(ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    return _reached(ids, "c.item_id", "u.standard_id")


def _below(ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    return _reached(ids, "u.standard_id", "c.item_id")


ITEM = {"node_id": pl.String, "kind": pl.String, "is_root": pl.Boolean, "condemned_from": pl.Date}
CERTIFICATE = {
    "node_id": pl.String,
    "kind": pl.String,
    "item_id": pl.String,
    "number": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
    "void_from": pl.Date,
    "basis": pl.String,
    "range_low": pl.Float64,
    "range_high": pl.Float64,
}
USE = {
    "certificate_id": pl.String,
    "standard_id": pl.String,
    "used_on": pl.Date,
    "u_ratio": pl.Float64,
    "ratio_limit": pl.Float64,
    "use_low": pl.Float64,
    "use_high": pl.Float64,
}


Tuples = tuple[tuple[Any, ...], ...]
Columns = tuple[pl.DataFrame, pl.DataFrame]


def columns(nodes: QuerySet[TraceNode], certificates: QuerySet[TraceCertificate], uses: QuerySet[TraceUse]) -> Columns:
    """Rows as the columns of docs/trace-format.md, which an outsider can audit without us."""
    return _columns(*_tuples(nodes, certificates, uses))


def _tuples(
    nodes: QuerySet[TraceNode], certificates: QuerySet[TraceCertificate], uses: QuerySet[TraceUse]
) -> tuple[Tuples, Tuples, Tuples]:
    return (
        tuple(nodes.values_list("id", "is_root", "condemned_from")),
        tuple(certificates.values_list("id", *list(CERTIFICATE)[2:])),
        tuple(uses.values_list("certificate_id", "standard_id", *list(USE)[2:])),
    )


def _columns(nodes: Tuples, certificates: Tuples, uses: Tuples) -> Columns:
    items = [(str(i), "item", *rest) for i, *rest in nodes]
    papers = [(str(c), "certificate", str(i), *rest) for c, i, *rest in certificates]
    edges = [(str(c), str(s), *rest) for c, s, *rest in uses]
    tables = pl.DataFrame(items, schema=ITEM, orient="row"), pl.DataFrame(papers, schema=CERTIFICATE, orient="row")
    return pl.concat(tables, how="diagonal"), pl.DataFrame(edges, schema=USE, orient="row")


@lru_cache(maxsize=32)
def _graph(nodes: Tuples, certificates: Tuples, uses: Tuples) -> Graph:
    """The same rows are the same graph: the chain of a standard is asked for many times between two changes."""
    items = [(str(i), *rest) for i, *rest in nodes]
    papers = [(str(c), str(i), *rest) for c, i, *rest in certificates]
    return Graph.from_rows(items, papers, [(str(c), str(s), *rest) for c, s, *rest in uses])


def graph_around(ids: set[uuid.UUID]) -> Graph:
    """The graph of these items: their certificates and the uses between them."""
    if len(ids) > CHUNK:
        return load_graph()
    uses = TraceUse.objects.filter(certificate__item_id__in=ids, standard_id__in=ids)
    nodes, certificates = TraceNode.objects.filter(id__in=ids), TraceCertificate.objects.filter(item_id__in=ids)
    rows = _tuples(nodes, certificates, uses)
    build = _graph if len(ids) <= KEPT else _graph.__wrapped__
    return build(*rows)


def load_graph() -> Graph:
    """The whole graph."""
    return Graph.from_columns(*columns(TraceNode.objects.all(), TraceCertificate.objects.all(), TraceUse.objects.all()))


def find_item(key: str) -> TraceNode:
    """The item of that id, or of the code or number by which its own app knows it; InputError where there is none."""
    try:
        ids = {uuid.UUID(key)}
    except ValueError:
        ids = {i for find in FINDERS.values() for i in find(key[:120])}
    found = list(TraceNode.objects.filter(pk__in=ids)[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError("ambiguous_item", "several items have that code; give the id of one", key[:80])
    raise InputError("unknown_item", "no item of that id or code is in the trace graph", key[:80])


def labels(ids: Collection[str]) -> dict[str, str]:
    """The names of items, with their organisation where one is known."""
    found = TraceNode.objects.filter(pk__in=list(ids)).values_list("pk", "label", "organisation_name")
    return {str(pk): f"{label} ({place})" if place else label for pk, label, place in found}


def prove(item_id: uuid.UUID, at: dt.date) -> dict[str, Any]:
    """The chain of one item as of a day, or the first broken link, in the contract's shape."""
    known = _proofs.get()
    if known is not None and (item_id, at) in known:
        return known[item_id, at]
    answer: dict[str, Any] = graph_around(_above([item_id])).prove(str(item_id), at)
    if known is not None:
        known[item_id, at] = answer
    return answer


@contextmanager
def proving_once(kept: Proofs | None = None) -> Iterator[None]:
    """Within one batch the chain of a standard is proven once a day of use, and forgotten with the batch.

    ``kept`` carries what is proven from one part of a batch to the next.

    Only for questions that are asked again before anything is issued: what decides is always proven afresh.
    """
    token = _proofs.set({} if kept is None else kept)
    try:
        yield
    finally:
        _proofs.reset(token)


def prove_many(item_ids: Collection[uuid.UUID], at: dt.date) -> dict[uuid.UUID, dict[str, Any]]:
    """The chains of the items of one page; items that are not in the graph are left out."""
    known = list(TraceNode.objects.filter(pk__in=item_ids).values_list("pk", flat=True))
    graph = graph_around(_above(known))
    return {item: graph.prove(str(item), at) for item in known}


def recall(standard_id: uuid.UUID, since: dt.date, until: dt.date, at: dt.date | None = None) -> pl.DataFrame:
    """Everything a standard reached between the days, with severity; columns as in ``Graph.recall``."""
    below = _below([standard_id])
    return graph_around(_above(below)).recall(str(standard_id), since, until, at=at)


def audit(at: dt.date, region: str = "") -> pl.DataFrame:
    """Every item's chain on a day; a region's code keeps the items of that region."""
    if region and not Region.objects.filter(code=region).exists():
        raise InputError("region", "No such region; give a code of the library, as 990100.", region)
    found = load_graph().audit(at)
    if not region:
        return found
    inside = TraceNode.objects.filter(region__code__startswith=region_prefix(region)).values_list("id", flat=True)
    return found.filter(pl.col("item").is_in([str(i) for i in inside]))


def history_only(found: pl.DataFrame) -> list[str]:
    """Of an audit's rows, the instruments without any certificate in the graph: only a bureau's history knows them."""
    bare = found.filter(
        ~pl.col("holds") & (pl.col("code") == "no_certificate") & (pl.col("broken_at") == pl.col("item"))
    )
    kinds = TraceNode.objects.filter(kind=NodeKind.INSTRUMENT).values_list("pk", flat=True)
    instruments = {str(pk) for pk in kinds}
    return [item for item in bare["item"].to_list() if item in instruments]


@dataclass(frozen=True)
class Card:
    """One link for people: the certificate of which item used which standard, and how it stands."""

    link: dict[str, Any]
    certificate: TraceCertificate | None
    item: TraceNode | None
    standard: TraceNode | None


@dataclass(frozen=True)
class Step:
    """One certificate of a chain with every standard it used."""

    item: TraceNode | None
    certificate: TraceCertificate | None
    uses: list[Card]

    @property
    def holds(self) -> bool:
        """Whether all its links hold."""
        return all(bool(card.link["ok"]) for card in self.uses)

    @property
    def declared(self) -> bool:
        """Known from paper only."""
        return str(self.uses[0].link["basis"]) != "proven"


def steps(found: list[Card]) -> list[Step]:
    """The links grouped by certificate, in the order of the chain."""
    grouped: dict[str, Step] = {}
    for card in found:
        step = grouped.setdefault(card.link["certificate"], Step(card.item, card.certificate, []))
        step.uses.append(card)
    return list(grouped.values())


def cards(answer: dict[str, Any]) -> list[Card]:
    """The links of a proof with labels, issuers and uncertainties."""
    links = answer["chain"]
    ids = {x["standard"] for x in links} | {x["item"] for x in links}
    nodes = {str(n.pk): n for n in TraceNode.objects.filter(pk__in=ids)}
    papers = {str(c.pk): c for c in TraceCertificate.objects.filter(pk__in={x["certificate"] for x in links})}
    return [Card(x, papers.get(x["certificate"]), nodes.get(x["item"]), nodes.get(x["standard"])) for x in links]
