"""What the documents app does by the clock."""

from __future__ import annotations

from quanheng.platform.documents import ledger, numbering
from quanheng.platform.kernel.periodic import PERIODIC, Periodic

MERGE = Periodic(every=5, run=ledger.merge_leaves)
COSIGN = Periodic(every=60, run=ledger.collect_cosignatures)
VOID = Periodic(every=300, run=numbering.void_abandoned)
STATUS = Periodic(every=86400, run=ledger.refresh_statuses)


def register() -> None:
    """Called once when the app is ready."""
    PERIODIC.register("documents.merge_leaves", MERGE)
    PERIODIC.register("documents.collect_cosignatures", COSIGN)
    PERIODIC.register("documents.void_abandoned", VOID)
    PERIODIC.register("documents.refresh_statuses", STATUS)
