"""The path of visits in time."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from quanheng.platform.kernel import clock
from quanheng.platform.project.demo import visits
from quanheng.platform.project.demo.visits import Timeline, Walk

TODAY = dt.date(2026, 11, 23)
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.mark.parametrize("day", [dt.date(2026, 11, 18), dt.date(2027, 1, 4)], ids=["that day", "late, before today"])
def test_a_signatory_who_signs_for_two_visits_in_one_minute_waits_for_the_next_code(
    day: dt.date, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[tuple[dt.datetime, str]] = []

    def sign_many(_records: Any, *, second_factor_code: str, actor: Any) -> list[Any]:
        signed.append((clock.now(), second_factor_code))
        return []

    monkeypatch.setattr(visits.signing, "sign_many", sign_many)
    world: Any = SimpleNamespace(secrets={1: SECRET}, actor=lambda user: user)
    timeline = Timeline(TODAY)
    walk = Walk(world, timeline)
    visit: Any = SimpleNamespace(people=(None, None, SimpleNamespace(pk=1)), records=[])
    for _visit in range(3):
        timeline.add(day, 15, 7, lambda: walk._sign(visit))
    list(timeline.run())
    moments, codes = zip(*signed, strict=True)
    assert len(set(codes)) == 3
    assert list(moments) == sorted(moments)
