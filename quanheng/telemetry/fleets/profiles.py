"""Profiles: what kind of balance it is, its gates, its prior, and the regional rules, all from ``library/fleets``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from quanheng.errors import InputError
from quanheng.library import LIBRARY_ROOT
from quanheng.metrology.energy_balance import ErrorPrior

FOLDER = LIBRARY_ROOT / "fleets"
_CLASS = re.compile(r"(\d{1,2}(?:\.\d{1,2})?)(S?)")


@dataclass(frozen=True)
class Gates:
    """What an area must bring to be judged; a rule may be stricter than its profile."""

    acquisition: float
    rows: int
    loss_low: float
    loss_high: float
    max_kw: float


@dataclass(frozen=True)
class Profile:
    """One kind of balance with one set of regional rules (or none)."""

    id: str
    title: dict[str, str]
    unit: str
    limit: float
    gates: Gates
    prior: ErrorPrior
    strength: float
    pass_below: float
    suspect_above: float
    check_above: float
    cycle_days: int  # at most so long from one evaluation to the next
    rule: dict[str, Any] = field(default_factory=dict)
    rules: tuple[dict[str, Any], ...] = ()
    classes: dict[str, str] = field(default_factory=dict)

    def limit_for(self, accuracy_class: str) -> float:
        """Limit of the error for a class (``1``, ``1.0``, ``1级``, ``B``) by the chosen rule, else the profile's."""
        return float(self.rule.get("limits", {}).get(self.class_of(accuracy_class), self.limit))

    def class_of(self, text: str) -> str:
        """A class as the rules write it."""
        plain = text.strip().upper().removesuffix("级").removeprefix("CLASS").strip()
        number = _CLASS.fullmatch(plain)
        return f"{float(number[1]):g}{number[2]}" if number else self.classes.get(plain, plain)

    def to_dict(self) -> dict[str, Any]:
        """What a record keeps of the profile."""
        return {"id": self.id, "limit": self.limit, "gates": vars(self.gates), "rule": self.rule.get("id", ""),
                "norm": self.rule.get("norm", ""), "limits": self.rule.get("limits", {}),
                "pass_below": self.pass_below, "suspect_above": self.suspect_above, "check_above": self.check_above,
                "prior": self.prior.to_dict()}  # fmt: skip


def known_profiles() -> list[str]:
    """Ids of all profiles."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def rule_for(name: str, region: str) -> str:
    """Id of the rules that hold in a region (its code): the province's, else the national ones, else none."""
    rules = load_profile(name).rules
    own = [r["id"] for r in rules if region.startswith(r["region"])] + [r["id"] for r in rules if r["region"] == "00"]
    return str(own[0]) if own else ""


@cache
def _read(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text("utf-8"))
    if not isinstance(data, dict):
        raise InputError("profile", "a profile is a mapping", str(path))
    return data


def load_profile(name: str = "electricity-area", *, rule: str = "", limit: float | None = None) -> Profile:
    """The profile by id, with a regional rule laid over its gates and, optionally, another limit."""
    if name not in known_profiles():
        raise InputError("profile", f"no profile {name!r}; known: {', '.join(known_profiles())}", "--profile")
    data = _read(FOLDER / f"{name}.yaml")
    chosen = next((item for item in data["rules"] if item["id"] == rule), None)
    if rule and chosen is None:
        ids = ", ".join(item["id"] for item in data["rules"]) or "none"
        raise InputError("rules", f"profile {name} has no rules {rule!r}; known: {ids}", "--rules")
    chosen = chosen or {}
    if limit is not None and not 0.001 <= limit <= 0.5:
        raise InputError("limit", f"--limit {limit} must be a fraction from 0.001 to 0.5, such as 0.02", "--limit")
    if limit is not None:
        chosen = {**chosen, "limits": {}}
    gates = {key: chosen.get(key, value) for key, value in data["gates"].items()}
    prior, bars = data["prior"], data["verdicts"]
    e = np.array(prior["means"], float)
    return Profile(
        id=data["id"], title=data["title"], unit=data["unit"],
        limit=limit if limit is not None else float(data["limit"]),
        gates=Gates(**gates),
        prior=ErrorPrior(np.array(prior["weights"], float), 1 / (1 + e) - 1, np.array(prior["sds"], float),
                         float(prior.get("common", 0.0))),
        strength=float(prior["strength"]), pass_below=bars["pass"], suspect_above=bars["suspect"],
        check_above=bars["check"],
        cycle_days=int(chosen.get("cycle_days", data["cycle_days"])), rule=chosen, rules=tuple(data["rules"]),
        classes=data.get("classes", {}),
    )  # fmt: skip
