"""What is decided before the randomness exists: who may be drawn, how many, where the randomness comes from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NoReturn

from quanheng.errors import InputError
from quanheng.evidence import canonical

ALGORITHM = "quanheng-draw-1"
MAX_MEMBERS = 2_000_000
_HEX = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile("[^\x00-\x1f\x7f\ud800-\udfff]{1,200}")


@dataclass(frozen=True)
class Quota:
    """How many of one stratum: ``count`` of them, or a share rounded up."""

    stratum: str
    size: int
    take: int


@dataclass(frozen=True)
class DrawnList:
    """One list: members by stratum, each in the order of their UTF-8 bytes."""

    name: str
    strata: dict[str, tuple[str, ...]]
    quotas: tuple[Quota, ...]


@dataclass(frozen=True)
class Assignment:
    """Who goes where: ``per`` of the drawn ``givers`` to each of the drawn ``takers``, never one of ``avoid``."""

    givers: str
    takers: str
    per: int
    avoid: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Plan:
    lists: tuple[DrawnList, ...]
    assignment: Assignment | None
    randomness: dict[str, Any]


def read_plan(content: Any) -> Plan:
    """A plan checked field by field; InputError names the first that is wrong."""
    _need(isinstance(content, dict), "plan", "a plan is a JSON object")
    _keys(content, {"purpose", "lists", "randomness"}, {"assign", "note"}, "plan")
    _text(content["purpose"], "plan.purpose")
    lists = content["lists"]
    _need(isinstance(lists, dict) and bool(lists), "plan.lists", "lists is an object of at least one list")
    drawn = tuple(_list(name, lists[name]) for name in sorted(lists))
    randomness = _randomness(content["randomness"])
    return Plan(drawn, _assignment(content.get("assign"), {one.name: one for one in drawn}), randomness)


def commitment_of(plan_content: Mapping[str, Any], salt: str, at: str) -> dict[str, Any]:
    """What is published at once: hashes, sizes and rules, no name of anybody who may be drawn."""
    plan = read_plan(plan_content)
    return {
        "v": 1,
        "algorithm": ALGORITHM,
        "purpose": plan_content["purpose"],
        "plan_sha256": canonical.sha256({"plan": plan_content, "salt": salt}),
        "lists": {
            one.name: [{"stratum": q.stratum, "size": q.size, "take": q.take} for q in one.quotas] for one in plan.lists
        },
        "assign": _assign_summary(plan.assignment),
        "randomness": plan.randomness,
        "at": at,
    }


def commitment_hash(commitment: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON: the number to publish, print or log."""
    return hashlib.sha256(canonical.dumps(dict(commitment))).hexdigest()


def time_of(text: Any, place: str) -> datetime:
    """A UTC time as ``2026-10-12T08:30:00Z``."""
    try:
        at = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        _refuse(place, "write a time as 2026-10-12T08:30:00Z")
    _need(at.tzinfo is not None, place, "a time needs its zone, such as Z")
    return at


def _list(name: str, content: Any) -> DrawnList:
    place = f"plan.lists.{name}"
    _text(name, place)
    _need(isinstance(content, dict), place, "a list is an object")
    _keys(content, {"members", "take"}, set(), place)
    members = content["members"]
    _need(
        isinstance(members, list) and 0 < len(members) <= MAX_MEMBERS,
        place,
        "members is a list with at least one entry",
    )
    strata: dict[str, list[str]] = {}
    seen: set[str] = set()
    for number, member in enumerate(members):
        at = f"{place}.members[{number}]"
        identifier, stratum = _member(member, at)
        _need(identifier not in seen, at, f"{identifier!r} stands in the list twice")
        seen.add(identifier)
        strata.setdefault(stratum, []).append(identifier)
    take = content["take"]
    _need(isinstance(take, dict), f"{place}.take", "take is an object of stratum → count or rate")
    unknown = set(take) - set(strata) - {"*"}
    _need(not unknown, f"{place}.take", f"no member is of the stratum {', '.join(sorted(unknown))}")
    ordered = {key: tuple(sorted(strata[key], key=str.encode)) for key in sorted(strata, key=str.encode)}
    quotas = tuple(_quota(key, len(found), take, f"{place}.take") for key, found in ordered.items())
    return DrawnList(name, ordered, quotas)


def _member(member: Any, place: str) -> tuple[str, str]:
    if isinstance(member, str):
        member = {"id": member}
    _need(isinstance(member, dict), place, "a member is an id, or an object with id and stratum")
    _keys(member, {"id"}, {"stratum"}, place)
    _text(member["id"], place)
    stratum = member.get("stratum", "")
    fits = isinstance(stratum, str) and (not stratum or _NAME.fullmatch(stratum) is not None)
    _need(fits, place, "a stratum is a short text")
    return member["id"], stratum


def _quota(stratum: str, size: int, take: Mapping[str, Any], place: str) -> Quota:
    rule = take.get(stratum, take.get("*"))
    _need(rule is not None, place, f"the stratum {stratum!r} has no rule; give one, or one for all as *")
    if type(rule) is int:
        _need(0 <= rule <= size, place, f"{rule} of {size} cannot be drawn from {stratum!r}")
        return Quota(stratum, size, rule)
    _need(isinstance(rule, str) and re.fullmatch(r"\d{1,3}(\.\d{1,9})?%?", rule) is not None, place,
          "a rule is a whole number, or a share as text such as \"5%\" or \"0.05\"")  # fmt: skip
    share = Fraction(rule.rstrip("%")) / (100 if rule.endswith("%") else 1)
    _need(0 <= share <= 1, place, "a share lies between 0 and 1")
    return Quota(stratum, size, -(-size * share.numerator // share.denominator))


def _assignment(content: Any, lists: Mapping[str, DrawnList]) -> Assignment | None:
    if content is None:
        return None
    place = "plan.assign"
    _need(isinstance(content, dict), place, "assign is an object")
    _keys(content, {"from", "to", "per"}, {"avoid"}, place)
    names = (content["from"], content["to"])
    _need(
        all(isinstance(n, str) and n in lists for n in names) and names[0] != names[1],
        place,
        "from and to name two lists",
    )
    givers = sum(q.take for q in lists[names[0]].quotas)
    per = content["per"]
    _need(
        type(per) is int and 1 <= per <= givers, f"{place}.per", "per is a whole number, at most as many as are drawn"
    )
    avoid = content.get("avoid", [])
    _need(isinstance(avoid, list), f"{place}.avoid", "avoid is a list of pairs")
    pairs = set()
    for number, pair in enumerate(avoid):
        fits = isinstance(pair, list) and len(pair) == 2 and all(isinstance(x, str) for x in pair)
        _need(fits, f"{place}.avoid[{number}]", "a pair is [from, to]")
        pairs.add((pair[0], pair[1]))
    return Assignment(names[0], names[1], per, frozenset(pairs))


def _assign_summary(assignment: Assignment | None) -> dict[str, Any] | None:
    if assignment is None:
        return None
    return {
        "from": assignment.givers,
        "to": assignment.takers,
        "per": assignment.per,
        "avoided": len(assignment.avoid),
    }


def _randomness(content: Any) -> dict[str, Any]:
    """The source is one pulse, or named parties who have committed already: nobody may choose afterwards."""
    place = "plan.randomness"
    _need(isinstance(content, dict), place, "randomness is an object")
    if content.get("source") == "beacon":
        _keys(content, {"source", "beacon", "pulse", "not_before"}, set(), place)
        _text(content["beacon"], f"{place}.beacon")
        _text(content["pulse"], f"{place}.pulse")
        time_of(content["not_before"], f"{place}.not_before")
    elif content.get("source") == "reveals":
        _keys(content, {"source", "parties"}, set(), place)
        parties = content["parties"]
        _need(isinstance(parties, dict) and len(parties) >= 2, place, "reveals need at least two parties")
        for name, digest in parties.items():
            _text(name, f"{place}.parties")
            fits = isinstance(digest, str) and _HEX.fullmatch(digest) is not None
            _need(fits, f"{place}.parties.{name}", "a party commits to a SHA-256 in lower-case hexadecimal")
    else:
        _refuse(place, 'source is "beacon" or "reveals"')
    return dict(content)


def _keys(content: Mapping[str, Any], needed: set[str], allowed: set[str], place: str) -> None:
    missing, unknown = needed - set(content), set(content) - needed - allowed
    _need(not missing, place, f"{', '.join(sorted(missing))} is missing")
    _need(not unknown, place, f"{', '.join(sorted(map(str, unknown)))} is not known here")


def _text(value: Any, place: str) -> None:
    _need(isinstance(value, str) and _NAME.fullmatch(value) is not None, place, "this is a text of 1 to 200 characters")


def _need(condition: bool, place: str, message: str) -> None:
    if not condition:
        _refuse(place, message)


def _refuse(place: str, message: str) -> NoReturn:
    raise InputError("draw", message, place)
