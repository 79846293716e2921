"""Traceability over the API: the chain of an item, and what a standard reached."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from ninja import Query
from pydantic import Field

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, tokens
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.trace import queries
from quanheng.platform.trace.models import TraceNode
from quanheng.platform.web.api import Cursor, Limit, Out, PageOf, Router, caller, get_or_404, page_of

READ = tokens.declare(
    "trace:read", gettext_lazy("查看溯源链和影响范围"), Role.ENTERPRISE, Role.REGULATOR, *INSTITUTE_ROLES
)
router = Router(tags=["trace"])
MOST = 10_000


class NodeOut(Out):
    """An item of the graph: its id is the id of the instrument or standard."""

    id: uuid.UUID
    kind: str
    label: str
    organisation_name: str
    region: str | None
    is_root: bool
    condemned_from: dt.date | None

    @staticmethod
    def of(node: TraceNode) -> NodeOut:
        """The item."""
        plain = ("id", "kind", "label", "organisation_name", "is_root", "condemned_from")
        return NodeOut(region=node.region_id, **{f: getattr(node, f) for f in plain})


class Link(Out):
    """One certificate using one standard."""

    item: str
    certificate: str
    standard: str
    used_on: dt.date
    valid_from: dt.date
    valid_to: dt.date | None
    u_ratio: float | None
    basis: str
    ok: bool
    code: str | None = None


class Broken(Out):
    """Where the chain breaks, and why."""

    at: str
    code: str


class ProofOut(Out):
    """The chain of an item as of a day, or its first broken link."""

    proven: bool
    holds: bool
    item: str
    at: dt.date
    chain: list[Link]
    broken: Broken | None


class Reached(Out):
    """A certificate that rests on the standard."""

    item: str
    label: str
    certificate: str
    number: str
    used_on: dt.date
    depth: int
    severity: str
    state: str


class RecallOut(Out):
    """Everything a standard reached between two days; `total` counts also what is beyond the list."""

    standard: uuid.UUID
    since: dt.date
    until: dt.date
    total: int
    severities: dict[str, int]
    items: list[Reached] = Field(..., max_length=MOST)


def _node(request: HttpRequest, pk: uuid.UUID) -> TraceNode:
    return get_or_404(queries.visible(caller(request).actor), "item_id", pk=pk)


@router.read("/items", READ, response=PageOf[NodeOut])
def list_items(
    request: HttpRequest,
    kind: Annotated[str, Query(max_length=20)] = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> Any:
    """Items of the graph that the caller keeps or supervises."""
    rows = queries.visible(caller(request).actor)
    return page_of(rows.filter(kind=kind) if kind else rows, NodeOut.of, cursor=cursor, limit=limit)


@router.read("/items/{uuid:item_id}/proof", READ, response=ProofOut)
def prove(request: HttpRequest, item_id: uuid.UUID, at: dt.date | None = None) -> Any:
    """The chain of one item up to a national or accepted foreign standard, as of a day (today)."""
    return queries.prove(_node(request, item_id).pk, at or clock.today())


@router.read("/items/{uuid:item_id}/recall", READ, response=RecallOut)
def recall(request: HttpRequest, item_id: uuid.UUID, since: dt.date, until: dt.date) -> RecallOut:
    """Every certificate that rests on a standard between two days, with severity; the most severe first."""
    if until < since:
        raise InputError("dates", "until must not lie before since", "until")
    node = _node(request, item_id)
    found = queries.recall(node.pk, since, until, clock.today())
    counts = {str(k): int(n) for k, n in found.group_by("severity").len().iter_rows()}
    order = {"high": 0, "medium": 1, "low": 2}
    ordered = sorted(found.iter_rows(named=True), key=lambda r: (order[r["severity"]], r["depth"], r["used_on"]))[:MOST]
    labels = dict(TraceNode.objects.filter(pk__in={r["item"] for r in ordered}).values_list("pk", "label"))
    shown = [
        Reached(label=labels.get(uuid.UUID(r["item"]), ""), **{f: r[f] for f in Reached.model_fields if f != "label"})
        for r in ordered
    ]
    return RecallOut(standard=node.pk, since=since, until=until, total=len(found), severities=counts, items=shown)
