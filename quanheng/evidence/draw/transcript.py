"""The draw file: plan, salt, commitment, then randomness and sample; and the check a stranger makes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quanheng.errors import InputError
from quanheng.evidence import canonical
from quanheng.evidence.draw.plan import commitment_hash, commitment_of, read_plan, time_of
from quanheng.evidence.draw.sample import derive, seed_of

_HEX = re.compile(r"(?:[0-9a-f]{2}){16,256}")
_PREFIX = b"quanheng-draw-reveal-1\x00"
_KEYS = {"v", "plan", "salt", "commitment", "commitment_sha256"}
_DONE = {"randomness", "sample"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    code: str
    ok: bool
    message: str


def commit(plan: Any, *, salt: str, at: str) -> dict[str, Any]:
    """The draw file before the draw. ``salt`` is 16 or more random bytes in hex, so that nobody can guess the list."""
    read_plan(plan)
    if _HEX.fullmatch(salt) is None:
        raise InputError("draw", "the salt is 16 to 256 bytes in lower-case hexadecimal", "salt")
    moment = time_of(at, "at")
    randomness = plan["randomness"]
    if randomness["source"] == "beacon" and time_of(randomness["not_before"], "plan.randomness.not_before") <= moment:
        message = "the pulse lies in the past: name one that does not exist yet"
        raise InputError("draw_too_late", message, "plan.randomness.not_before")
    commitment = commitment_of(plan, salt, at)
    return {
        "v": 1,
        "plan": plan,
        "salt": salt,
        "commitment": commitment,
        "commitment_sha256": commitment_hash(commitment),
    }


def reveal_hash(party: str, secret: str) -> str:
    """What a party publishes before the draw: SHA-256 over a prefix, its name, a zero byte and its secret bytes."""
    return hashlib.sha256(_PREFIX + party.encode("utf-8") + b"\x00" + bytes.fromhex(secret)).hexdigest()


def run(file: Any, randomness: Any) -> dict[str, Any]:
    """The finished draw file; InputError where the commitment or the randomness does not fit."""
    content = _shaped(file, finished=False)
    failed = [c for c in _committed(content) if not c.ok] or [c for c in _random(content, randomness) if not c.ok]
    if failed:
        raise InputError(failed[0].code, failed[0].message, "draw")
    seed = seed_of(content["commitment_sha256"], randomness)
    return {**content, "randomness": randomness, "sample": derive(read_plan(content["plan"]), seed)}


def verify(file: Any, published: str | None = None) -> tuple[Check, ...]:
    """Everything a stranger can recompute. ``published`` is the commitment's hash as seen before the draw."""
    content = _shaped(file, finished=True)
    checks = list(_committed(content))
    if published is None:
        message = "no hash from before the draw was given: that the commitment came first is only claimed"
        checks.append(Check("commitment_published", True, message))
    else:
        same = published.strip().lower() == content["commitment_sha256"]
        checks.append(Check("commitment_published", same, "the commitment is the one that was published"))
    checks += _random(content, content["randomness"])
    if all(c.ok for c in checks):
        again = derive(read_plan(content["plan"]), seed_of(content["commitment_sha256"], content["randomness"]))
        same = canonical.dumps(again) == canonical.dumps(content["sample"])
        checks.append(Check("sample", same, "the sample is the one that follows from commitment and randomness"))
    return tuple(checks)


def _shaped(file: Any, *, finished: bool) -> dict[str, Any]:
    wanted = _KEYS | (_DONE if finished else set())
    if not isinstance(file, dict) or set(file) - _KEYS - _DONE or wanted - set(file):
        state = "finished" if finished else "committed"
        raise InputError("draw", f"a {state} draw file has the keys {', '.join(sorted(wanted))}", "draw")
    if file["v"] != 1 or type(file["v"]) is not int:
        raise InputError("draw_version", "this version of the draw file is not known; update the program", "draw.v")
    if not isinstance(file["commitment"], dict) or not isinstance(file["salt"], str):
        raise InputError("draw", "commitment is an object and salt a text", "draw")
    if (
        not isinstance(file["commitment_sha256"], str)
        or re.fullmatch(r"[0-9a-f]{64}", file["commitment_sha256"]) is None
    ):
        raise InputError("draw", "the commitment's hash is 64 lower-case hexadecimal digits", "draw.commitment_sha256")
    if finished and not isinstance(file["sample"], dict):
        raise InputError("draw", "the sample is an object", "draw.sample")
    read_plan(file["plan"])
    time_of(file["commitment"].get("at"), "draw.commitment.at")
    return {key: file[key] for key in (*sorted(_KEYS), *(sorted(_DONE) if finished else ()))}


def _committed(content: Mapping[str, Any]) -> list[Check]:
    again = commitment_of(content["plan"], content["salt"], content["commitment"]["at"])
    same = canonical.dumps(again) == canonical.dumps(content["commitment"])
    hashed = commitment_hash(content["commitment"]) == content["commitment_sha256"]
    return [
        Check("commitment_plan", same, "list, strata, numbers and source are those committed to"),
        Check("commitment_hash", hashed, "the commitment has the hash that is stated"),
    ]


def _random(content: Mapping[str, Any], randomness: Any) -> list[Check]:
    if not isinstance(randomness, dict):
        raise InputError("draw", "the randomness is an object", "randomness")
    planned = content["plan"]["randomness"]
    if planned["source"] == "beacon":
        return _beacon(planned, randomness)
    return _reveals(planned, randomness)


def _beacon(planned: Mapping[str, Any], randomness: Mapping[str, Any]) -> list[Check]:
    shaped = set(randomness) == {"source", "pulse", "at", "value"} and randomness["source"] == "beacon"
    value = randomness.get("value")
    if not shaped or not isinstance(value, str) or _HEX.fullmatch(value) is None:
        message = "a beacon's randomness has source, pulse, at, and value as lower-case hexadecimal"
        raise InputError("draw", message, "randomness")
    same = randomness["pulse"] == planned["pulse"]
    late = time_of(randomness["at"], "randomness.at") >= time_of(planned["not_before"], "plan.randomness.not_before")
    return [
        Check("pulse", same, f"the pulse is {planned['pulse']}, as committed"),
        Check("pulse_time", late, f"the pulse is not older than {planned['not_before']}"),
    ]


def _reveals(planned: Mapping[str, Any], randomness: Mapping[str, Any]) -> list[Check]:
    reveals = randomness.get("reveals")
    if set(randomness) != {"source", "reveals"} or randomness["source"] != "reveals" or not isinstance(reveals, dict):
        raise InputError("draw", "revealed randomness has source and reveals (party → secret)", "randomness")
    for party, secret in reveals.items():
        if not isinstance(secret, str) or _HEX.fullmatch(secret) is None:
            message = "a secret is 16 to 256 bytes in lower-case hexadecimal"
            raise InputError("draw", message, f"randomness.reveals.{party}")
    parties = planned["parties"]
    everybody = set(reveals) == set(parties)
    checks = [Check("reveals_all", everybody, f"all of {', '.join(sorted(parties))} revealed, and nobody else")]
    if everybody:
        for party in sorted(parties):
            fits = reveal_hash(party, reveals[party]) == parties[party]
            checks.append(Check("reveal", fits, f"{party} revealed what it had committed to"))
    return checks
