"""What the demo region has: every page that lists a kind of instrument finds some."""

from __future__ import annotations

from quanheng.platform.project.demo.kinds import HOLDINGS, KINDS
from quanheng.platform.surveillance import lifecycle


def test_every_kind_of_the_life_cycle_page_is_held_by_somebody():
    held = {KINDS[key].category for holdings in HOLDINGS.values() for key in holdings}
    assert set(lifecycle.KINDS) <= held


def test_every_kind_that_is_held_is_described():
    assert {key for holdings in HOLDINGS.values() for key in holdings} <= set(KINDS)
