"""Decisions with reasons. Everything is denied unless a policy allows it."""

from __future__ import annotations

from dataclasses import dataclass

from quanheng.errors import InputError


@dataclass(frozen=True)
class Allowed:
    """The actor may."""

    reason: str = ""

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Denied:
    """The actor may not; the reason is a sentence for a person (translated lazily by the caller)."""

    reason: str

    def __bool__(self) -> bool:
        return False


Decision = Allowed | Denied


class Refused(InputError):
    """A service refused to act. ``reasons`` names every failing condition."""

    def __init__(self, *reasons: str, code: str = "refused", place: str = "") -> None:
        self.reasons = tuple(str(r) for r in reasons)
        super().__init__(code, "; ".join(self.reasons), place)


def require(decision: Decision) -> None:
    """Raise ``Refused`` with the policy's reason unless it allows."""
    if not decision:
        raise Refused(decision.reason, code="forbidden")


def first_denial(*decisions: Decision) -> Decision:
    """The first refusal among several decisions, else allowed."""
    return next((d for d in decisions if not d), Allowed())
