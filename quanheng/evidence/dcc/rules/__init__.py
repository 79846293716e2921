"""Content rules beyond the XSD: what makes a certificate usable by a machine, where it is not, how to mend it."""

from __future__ import annotations

from datetime import date

from lxml import etree

from quanheng.evidence.dcc.rules import dates, embedded, languages, measuring, parties, unit_rules, values
from quanheng.evidence.dcc.rules.finding import ORDER, Finding, Severity, bounded

__all__ = ["ORDER", "Finding", "Severity", "check"]


def check(root: etree._Element, today: date | None = None) -> tuple[Finding, ...]:
    """Every finding of the content layer, by line. Without ``today`` no date is called future."""
    found = [
        *parties.check(root),
        *dates.check(root, today),
        *languages.check(root),
        *unit_rules.check(root),
        *values.check(root),
        *measuring.check(root),
        *embedded.check(root),
    ]
    return tuple(bounded(sorted(found, key=lambda f: f.line)))
