"""Everything that hangs on a standard's uses in a period, breadth first."""

from __future__ import annotations

import numpy as np

from quanheng.evidence.trace.columns import Ints, Uses


def downstream(uses: Uses, latest: Ints, count: int, standard: int, since: int, until: int) -> tuple[Ints, Ints, Ints]:
    """Affected certificates with their depth and the first day of use that leads to them.

    ``latest`` is, for each use, the certificate the standard was used under, even where that had expired or was void:
    a fault of the standard spreads through a bad link as well as through a good one.
    """
    order = np.argsort(latest, kind="stable")
    begin = np.searchsorted(latest[order], np.arange(count + 1))
    depth = np.zeros(count, dtype=np.int32)
    first_use = np.zeros(count, dtype=np.int32)
    edges = np.flatnonzero((uses.standard == standard) & (uses.used_on >= since) & (uses.used_on <= until))
    level = 0
    found: list[Ints] = []
    while len(edges):
        level += 1
        fresh = edges[depth[uses.certificate[edges]] == 0]
        if not len(fresh):
            break
        # the earliest use of this level leads to the certificate
        fresh = fresh[np.lexsort((uses.used_on[fresh], uses.certificate[fresh]))]
        reached, at = np.unique(uses.certificate[fresh], return_index=True)
        depth[reached] = level
        first_use[reached] = uses.used_on[fresh[at]]
        found.append(reached)
        width = begin[reached + 1] - begin[reached]
        offset = np.concatenate(([0], np.cumsum(width)[:-1]))
        rows = np.arange(int(width.sum())) + np.repeat(begin[reached] - offset, width)
        edges = order[rows]
    certificates = np.concatenate(found) if found else np.zeros(0, np.int32)
    return certificates, depth[certificates], first_use[certificates]
