"""From commitment and randomness to the sample, by rule alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from quanheng.errors import InputError
from quanheng.evidence import canonical
from quanheng.evidence.draw.plan import Assignment, Plan
from quanheng.evidence.draw.stream import Stream


def seed_of(commitment_sha256: str, randomness: Mapping[str, Any]) -> bytes:
    """HMAC-SHA-256 keyed with the commitment's hash over the canonical JSON of the randomness."""
    return hmac.new(bytes.fromhex(commitment_sha256), canonical.dumps(dict(randomness)), hashlib.sha256).digest()


def derive(plan: Plan, seed: bytes) -> dict[str, Any]:
    """``{lists: {name: {stratum: [ids in the order drawn]}}, assign: {taker: [givers]} or None}``."""
    lists: dict[str, dict[str, list[str]]] = {}
    for one in plan.lists:
        lists[one.name] = {
            quota.stratum: Stream(seed, f"list/{one.name}/{quota.stratum}").choose(
                one.strata[quota.stratum], quota.take
            )
            for quota in one.quotas
        }
    assigned = None if plan.assignment is None else _assign(plan.assignment, lists, seed)
    return {"lists": lists, "assign": assigned}


def _assign(rule: Assignment, lists: Mapping[str, Mapping[str, list[str]]], seed: bytes) -> dict[str, list[str]]:
    """Each taker in turn gets those with the least to do so far; among equals the stream decides."""
    givers = [name for drawn in lists[rule.givers].values() for name in drawn]
    takers = [name for drawn in lists[rule.takers].values() for name in drawn]
    load = dict.fromkeys(givers, 0)
    stream = Stream(seed, f"assign/{rule.givers}/{rule.takers}")
    out: dict[str, list[str]] = {}
    for taker in takers:
        free = [g for g in givers if (g, taker) not in rule.avoid]
        if len(free) < rule.per:
            message = f"{taker!r} has only {len(free)} who may go there; draw more, or avoid fewer"
            raise InputError("draw_assign", message, "plan.assign")
        shuffled = stream.choose(free, len(free))
        chosen = sorted(shuffled, key=load.__getitem__)[: rule.per]  # a stable sort keeps the stream's order
        for giver in chosen:
            load[giver] += 1
        out[taker] = chosen
    return out
