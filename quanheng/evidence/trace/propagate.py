"""From links to chains: which certificates hold up to a root, and where the others break first.

A certificate holds if it used at least one standard and every link of it holds, up to roots. It breaks at its first
link, in the order of entry, that fails by itself or leads to a certificate that breaks. One from which a cycle can be
reached through good links breaks with ``cycle``, whatever else is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quanheng.evidence.trace.columns import CYCLE, NO_ROOT, OK, Bools, Certificates, Codes, Ints

_BLOCK = 4_000_000
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Links:
    """Judged links sorted by certificate; certificate c owns rows starts[c]:starts[c + 1]."""

    starts: Longs
    standard: Ints
    code: Codes
    target: Ints

    @classmethod
    def sorted(cls, count: int, certificate: Ints, standard: Ints, code: Codes, target: Ints) -> tuple[Links, Longs]:
        """The links in order, and the order itself."""
        starts = np.zeros(count + 1, dtype=np.int64)
        np.cumsum(np.bincount(certificate, minlength=count), out=starts[1:])
        if len(certificate) and (certificate[1:] < certificate[:-1]).any():
            order = np.argsort(certificate, kind="stable")
            return cls(starts, standard[order], code[order], target[order]), order
        return cls(starts, standard, code, target), np.arange(0)


@dataclass(frozen=True)
class Chains:
    """For every certificate: OK or the reason, the item where the chain breaks (-1), proven all the way."""

    code: Codes
    at: Ints
    proven: Bools


def propagate(certificates: Certificates, links: Links) -> Chains:
    """Resolve the certificates that others hang on level by level, then all the rest in one pass."""
    count = len(certificates)
    done = Chains(np.full(count, OK, np.int8), np.full(count, -1, np.int32), np.zeros(count, np.bool_))
    used = np.zeros(count, dtype=np.bool_)
    used[links.target[links.target >= 0]] = True
    upper = np.flatnonzero(used)
    _by_levels(upper, certificates, links, done)
    lower = np.flatnonzero(~used)
    for block in _blocks(lower, links.starts):
        _settle(block, certificates, links, done)
    return done


def _by_levels(upper: Longs, certificates: Certificates, links: Links, done: Chains) -> None:
    """Kahn's order over the certificates that are themselves a target."""
    rows, owner = _rows(upper, links.starts)
    leading = links.target[rows] >= 0
    rows, owner = rows[leading], owner[leading]
    waiting = np.zeros(len(certificates), dtype=np.int32)
    np.add.at(waiting, upper[owner], 1)
    target = links.target[rows]
    order = np.argsort(target, kind="stable")
    dependent = upper[owner[order]]
    begin = np.zeros(len(certificates) + 1, dtype=np.int64)
    np.cumsum(np.bincount(target, minlength=len(certificates)), out=begin[1:])
    settled = np.zeros(len(certificates), dtype=np.bool_)
    frontier = upper[waiting[upper] == 0]
    while len(frontier):
        _settle(frontier, certificates, links, done)
        settled[frontier] = True
        nearby, _ = _rows(frontier, begin)
        touched, times = np.unique(dependent[nearby], return_counts=True)
        waiting[touched] -= times.astype(np.int32)
        frontier = touched[waiting[touched] == 0]
    stuck = upper[~settled[upper]]
    done.code[stuck] = CYCLE
    if len(stuck):
        _point_at_cycle(stuck, links, done)


def _settle(block: Longs, certificates: Certificates, links: Links, done: Chains) -> None:
    """Judge certificates all of whose targets are settled (or stuck in a cycle)."""
    width = links.starts[block + 1] - links.starts[block]
    bare = width == 0
    done.code[block[bare]] = NO_ROOT
    done.at[block[bare]] = certificates.item[block[bare]]
    block, width = block[~bare], width[~bare]
    if not len(block):
        return
    rows, _ = _rows(block, links.starts)
    target = links.target[rows]
    leads = target >= 0
    row = np.where(leads, target, 0)
    above = np.where(leads, done.code[row], links.code[rows])
    proven = ~leads | done.proven[row]
    begin = np.concatenate(([0], np.cumsum(width)[:-1]))
    done.proven[block] = certificates.proven[block] & np.logical_and.reduceat(proven & (above == OK), begin)
    position = np.arange(len(rows))
    first = np.minimum.reduceat(np.where(above != OK, position, len(rows)), begin)
    broken = first < len(rows)
    at = first[broken]
    done.code[block[broken]] = above[at]
    done.at[block[broken]] = np.where(leads[at], done.at[row[at]], links.standard[rows[at]])
    in_cycle = np.logical_or.reduceat(leads & (above == CYCLE), begin)
    if in_cycle.any():
        done.code[block[in_cycle]] = CYCLE
        _point_at_cycle(block[in_cycle], links, done)


def _point_at_cycle(block: Longs, links: Links, done: Chains) -> None:
    """A cycle is reported at the first standard that leads into it."""
    rows, owner = _rows(block, links.starts)
    target = links.target[rows]
    into = np.flatnonzero((target >= 0) & (done.code[np.where(target >= 0, target, 0)] == CYCLE))
    _, first = np.unique(owner[into], return_index=True)
    done.at[block[owner[into[first]]]] = links.standard[rows[into[first]]]


def _rows(block: Longs, starts: Longs) -> tuple[Longs, Longs]:
    """Row numbers of the segments of a block, one after the other, and the position in the block of each."""
    width = starts[block + 1] - starts[block]
    owner = np.repeat(np.arange(len(block)), width)
    offset = np.concatenate(([0], np.cumsum(width)[:-1])) if len(block) else np.zeros(0, np.int64)
    rows = np.arange(int(width.sum())) + (starts[block] - offset)[owner]
    return rows, owner


def _blocks(certificates: Longs, starts: Longs) -> list[Longs]:
    """Parts with a bounded number of links each."""
    if not len(certificates):
        return []
    total = np.cumsum(starts[certificates + 1] - starts[certificates] + 1)
    cuts = np.searchsorted(total, np.arange(_BLOCK, int(total[-1]), _BLOCK))
    return [part for part in np.split(certificates, np.unique(cuts)) if len(part)]
