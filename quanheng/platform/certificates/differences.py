"""What differs from the instrument's last record: the first thing a checker and a signatory look for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.naming import Names
from quanheng.platform.certificates.queries import previous_of

MOST = 40


@dataclass(frozen=True)
class Difference:
    """One line: what, before, now, and whether it deserves a look first."""

    what: str
    before: str
    now: str
    striking: bool = False


def since_last_time(record: Record) -> tuple[Record | None, list[Difference]]:
    """The earlier record and the lines that differ, striking ones first; no earlier record, no lines."""
    before = previous_of(record)
    if before is None:
        return None, []
    names = Names(record.procedure_id, record.data)
    lines = [
        *_particulars(before, record, names),
        *_standards(before, record, names),
        *_results(before, record, names),
    ]
    return before, sorted(lines, key=lambda d: not d.striking)[:MOST]


def _flat(data: dict[str, Any], *keys: str) -> dict[str, str]:
    return {f"{key}.{name}": str(value) for key in keys for name, value in data.get(key, {}).items()}


def _particulars(before: Record, now: Record, names: Names) -> list[Difference]:
    old, new = _flat(before.data, "instrument"), _flat(now.data, "instrument")
    return [
        Difference(
            names.flat.get(key, key.split(".", 1)[1]),
            names.value(key, old.get(key, "—")),
            names.value(key, new.get(key, "—")),
            striking=True,
        )
        for key in sorted(set(old) | set(new))
        if old.get(key) != new.get(key)
    ]


def _standards(before: Record, now: Record, names: Names) -> list[Difference]:
    def named(record: Record) -> dict[str, str]:
        return {e["role"]: f"{e['name']} {e['certificate']}" for e in record.data.get("standards", [])}

    old, new = named(before), named(now)
    return [
        Difference(names.roles.get(role, _("标准器")), old.get(role, "—"), new.get(role, "—"))
        for role in sorted(set(old) | set(new))
        if old.get(role) != new.get(role)
    ]


def _results(before: Record, now: Record, names: Names) -> list[Difference]:
    def keyed(record: Record) -> dict[tuple[str, int, str], dict[str, Any]]:
        return {(r["section"], r["row"], r["quantity"]): r for r in (record.result or {}).get("results", [])}

    old, new = keyed(before), keyed(now)
    found = []
    for key, result in new.items():
        earlier = old.get(key)
        if earlier is None or earlier["value"] == result["value"]:
            continue
        changed = earlier["ok"] != result["ok"] or _moved_far(earlier, result)
        found.append(Difference(names.result(result), earlier["value"], result["value"], changed))
    return found


def _moved_far(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """A change of more than half the limit; for drawing attention, not for judging."""
    try:
        return abs(float(now["value"]) - float(before["value"])) > abs(float(now["high"])) / 2
    except (TypeError, ValueError):
        return False
