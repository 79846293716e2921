"""Each link judged by itself: which certificate the standard had that day, and whether it served the use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quanheng.evidence.trace.columns import (
    CONDEMNED,
    EXPIRED,
    NO_CERTIFICATE,
    NOT_YET_VALID,
    OK,
    OUT_OF_RANGE,
    RATIO,
    REVOKED,
    Bools,
    Certificates,
    Codes,
    Ints,
    Items,
    Uses,
)

RATIO_SLACK = 1 + 1e-9  # 0.1/0.3 is a third, whatever floating point says
_STEPS = 12


@dataclass(frozen=True)
class Resolved:
    """The certificate that counts on a day, or why none does; ``latest`` counts for recall even where it is void."""

    certificate: Ints
    code: Codes
    latest: Ints


@dataclass(frozen=True)
class Judged:
    """Links: OK or the reason, and the certificate the next link hangs on (-1 at a root or a broken link)."""

    code: Codes
    target: Ints
    latest: Ints


def resolve(certificates: Certificates, item: Ints, day: Ints) -> Resolved:
    """The certificate in force for each (item, day): the latest that had begun and was not void."""
    first = certificates.starts[item].astype(np.int32)
    end = certificates.starts[item + 1].astype(np.int32)
    begun = _last_begun(certificates, first, end, day)
    some, has_begun = end > first, begun >= first
    valid = _last_not_void(certificates, begun, first, day)
    has_valid = valid >= first
    row = np.where(has_valid, valid, 0)
    in_force = has_valid & (certificates.valid_to[row] >= day) if len(certificates) else np.zeros(len(item), np.bool_)
    code = np.full(len(item), OK, dtype=np.int8)
    code[~in_force] = EXPIRED
    code[~in_force & has_begun & (valid != begun)] = REVOKED
    code[~has_begun] = NOT_YET_VALID
    code[~some] = NO_CERTIFICATE
    none = np.int32(-1)
    latest = np.where(has_valid, valid, np.where(has_begun, begun, none)).astype(np.int32)
    return Resolved(np.where(in_force, valid, none).astype(np.int32), code, latest)


def judge(items: Items, certificates: Certificates, uses: Uses) -> Judged:
    """Every link by itself; what lies above it is not looked at."""
    found = resolve(certificates, uses.standard, uses.used_on)
    root = items.is_root[uses.standard]
    target = np.where(root, np.int32(-1), found.certificate).astype(np.int32)
    code = np.where(root, np.int8(OK), found.code).astype(np.int8)
    if len(certificates):
        row = np.where(target >= 0, target, 0)
        outside = uses.use_low < certificates.range_low[row]
        outside |= uses.use_high > certificates.range_high[row]
        code[outside & (target >= 0)] = OUT_OF_RANGE
    coarse = (code == OK) & (uses.u_ratio > uses.ratio_limit * RATIO_SLACK)
    code[coarse] = RATIO
    code[items.condemned_from[uses.standard] <= uses.used_on] = CONDEMNED
    target[code != OK] = -1
    return Judged(code, target, found.latest)


def _last_begun(certificates: Certificates, first: Ints, end: Ints, day: Ints) -> Ints:
    """Last row of the item whose first day is not after ``day``; first - 1 where there is none."""
    at = end - 1
    open_ = np.flatnonzero(at >= first)
    for _ in range(_STEPS):
        open_ = open_[certificates.valid_from[at[open_]] > day[open_]]
        if not len(open_):
            return at
        at[open_] -= 1
        open_ = open_[at[open_] >= first[open_]]
    # an item with a long history: bisect the rest
    low, high = first[open_], at[open_] + 1
    while len(low) and (low < high).any():
        middle = (low + high) // 2
        begun = (low < high) & (certificates.valid_from[np.minimum(middle, len(certificates) - 1)] <= day[open_])
        low, high = np.where(begun, middle + 1, low), np.where(begun | (low >= high), high, middle)
    at[open_] = low - 1
    return at


def _last_not_void(certificates: Certificates, begun: Ints, first: Ints, day: Ints) -> Ints:
    at = begun.copy()
    open_: Ints = np.flatnonzero(at >= first).astype(np.int32)
    while len(open_):
        void: Bools = certificates.void_from[at[open_]] <= day[open_]
        open_ = open_[void]
        at[open_] -= 1
        open_ = open_[at[open_] >= first[open_]]
    return at
