"""Content rules beyond the XSD: what makes a certificate usable by a machine, where it is not, how to mend it."""

from __future__ import annotations

from datetime import date

from lxml import etree

from quanheng.evidence.dcc.rules import dates, embedded, languages, measuring, parties, unit_rules, values
from quanheng.evidence.dcc.rules.finding import ORDER, Finding, Severity, bounded, finding, placed
from quanheng.evidence.dcc.tree import Tree

__all__ = ["ORDER", "Finding", "Severity", "check", "finding", "placed"]


def check(root: etree._Element | Tree, today: date | None = None) -> tuple[Finding, ...]:
    """Every finding of the content layer, by line. Without ``today`` no date is called future."""
    tree = root if isinstance(root, Tree) else Tree(root)
    found = [
        *parties.check(tree),
        *dates.check(tree, today),
        *languages.check(tree),
        *unit_rules.check(tree),
        *values.check(tree),
        *measuring.check(tree),
        *embedded.check(tree),
    ]
    return tuple(bounded(sorted(found, key=lambda f: f.line)))
