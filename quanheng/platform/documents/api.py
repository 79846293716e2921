"""The public log over the API."""

from __future__ import annotations

import base64
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from ninja import Query

from quanheng.errors import InputError
from quanheng.platform.documents import keys, ledger
from quanheng.platform.documents.models import Document
from quanheng.platform.documents.policies import visible_to
from quanheng.platform.kernel import tokens
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.web.api import Out, Router, caller, get_or_404

READ = tokens.declare(
    "ledger:read", gettext_lazy("查看公开日志和存在证明"), Role.ENTERPRISE, Role.REGULATOR, *INSTITUTE_ROLES
)
router = Router(tags=["ledger"])


class CheckpointOut(Out):
    """The signed state of the log."""

    origin: str
    size: int
    root: str
    note: str


class ProofOut(Out):
    """That a document stands in the log: RFC 6962 inclusion, checkpoint and status, to be checked against KEYS."""

    number: str
    index: int
    leaf: str
    leaf_hash: str
    size: int
    proof: list[str]
    checkpoint: str
    status: str


def _checkpoint() -> CheckpointOut:
    note = ledger.log().checkpoint()
    origin, size, root = note.split("\n", 3)[:3]
    return CheckpointOut(origin=origin, size=int(size), root=root, note=note)


@router.read("/checkpoint", READ, response=CheckpointOut)
def get_checkpoint(request: HttpRequest) -> CheckpointOut:
    """The newest checkpoint, a C2SP signed note."""
    return _checkpoint()


@router.read("/keys", READ, response={200: None})
def get_keys(request: HttpRequest) -> HttpResponse:
    """KEYS: trust anchors of the seals and the log's verifier key. Compare it with a copy from elsewhere."""
    return HttpResponse(keys.keys_text(), content_type="text/plain; charset=utf-8")


@router.read("/proof", READ, response=ProofOut)
def get_proof(
    request: HttpRequest,
    number: Annotated[str, Query(min_length=1, max_length=80)],
    institute: Annotated[
        str, Query(max_length=18, description="Credit code, where two institutes use one number.")
    ] = "",
) -> ProofOut:
    """The proof of a document by its number."""
    rows = Document.objects.filter(visible_to(caller(request).actor), number=number)
    if institute:
        rows = rows.filter(organisation__credit_code=institute)
    if rows.count() > 1:
        raise Refused(
            "several institutes use this number; name one by its credit code", code="several", place="institute"
        )
    document = get_or_404(rows, "number", number=number)
    row = ledger.own_leaf(document)
    if row.index is None:
        raise InputError("not_merged", "the document enters the public log within a minute; try again", number)
    checkpoint = _checkpoint()
    path = ledger.log().inclusion_proof(row.index, checkpoint.size)
    return ProofOut(
        number=document.number,
        index=row.index,
        leaf=base64.b64encode(bytes(row.data)).decode(),
        leaf_hash=row.leaf_hash,
        size=checkpoint.size,
        proof=[base64.b64encode(step).decode() for step in path],
        checkpoint=checkpoint.note,
        status=ledger.status_note(row, document),
    )
