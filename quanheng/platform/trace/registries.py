"""What upper apps know: an item by the code people use, the page of a certificate that is kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence

from quanheng.platform.kernel.registries import Registry

FINDERS: Registry[Callable[[str], Sequence[uuid.UUID]]] = Registry("trace finders")

# ids of trace certificates → the page of each that this source keeps
PAPERS: Registry[Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, str]]] = Registry("pages of trace certificates")


def paper_urls(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The pages of certificates, where some app keeps one."""
    return {pk: url for source in PAPERS.values() for pk, url in source(ids).items()} if ids else {}
