"""A reading that leaves carries the calibration of its meter on that day: state, certificate, until when, how sure."""

from __future__ import annotations

import csv
import datetime as dt
import io
import uuid

import polars as pl
import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from quanheng.platform.documents.models import Document, ValidityEnd
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, tokens
from quanheng.platform.surveillance import leaving
from quanheng.platform.surveillance.models import Area, AreaMeter, Evaluation, EvaluationRun, MeterVerdict
from quanheng.platform.surveillance.store import store
from tests.platform import makers
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db
DAYS = [dt.date(2026, 2, d) for d in range(10, 16)]


def paper(item, number: str, performed: dt.date, until: dt.date | None, **fields) -> Document:
    return Document.objects.create(
        number=number, kind="verification_certificate", origin="imported", organisation=item.organisation,
        issuer_name="所", subject_type="instruments.instrument", subject_id=item.pk, issued_on=performed,
        performed_on=performed, valid_until=until, public_code=uuid.uuid4().hex[:12], state="issued", **fields,
    )  # fmt: skip


def area_with(**papers) -> tuple[steps.Utility, Area, AreaMeter]:
    """A meter read every hour for six days; its certificate ends on the 12th, the evaluation's data on the 13th."""
    utility = steps.make_utility()
    place = {"organisation": utility.organisation, "region": utility.organisation.region}
    area = Area.objects.create(code="TQ-9", **place)
    item = makers.make_instrument(utility.organisation, serial_number="DB9", valid_until=DAYS[2], last_verdict="pass")
    meter = AreaMeter.objects.create(area=area, meter_id="DB9", role="sub", instrument=item, public_code="DB9")
    AreaMeter.objects.create(area=area, meter_id="M9", role="master", public_code="M9")
    paper(item, "旧-1", dt.date(2020, 2, 13), DAYS[2])
    run = EvaluationRun.objects.create(since=DAYS[0], until=DAYS[3], requested_name="x", total=1, done=1, **place)
    evaluation = Evaluation.objects.create(
        area=area, run=run, version=1, since=DAYS[0], until=DAYS[3], fit="ok", limit=0.02, evidence_sha256="e" * 64
    )
    MeterVerdict.objects.create(
        evaluation=evaluation, meter=meter, error=0.011, u=0.004, p_exceed=0.01, informativeness=0.9, verdict="pass"
    )
    start = clock.start_of(DAYS[0]).astimezone(dt.UTC)
    hours = [start + dt.timedelta(hours=h) for h in range(24 * len(DAYS))]
    rows = pl.DataFrame({"meter_id": ["DB9", "M9"] * len(hours), "role": ["sub", "master"] * len(hours)})
    rows = rows.with_columns(
        pl.lit("TQ-9").alias("area_id"), pl.lit(1.0).alias("kwh"), pl.Series("ts", [h for h in hours for _ in (0, 1)])
    )
    store().write(rows, batch="b", recorded_at=steps.TODAY, source="s", region=area.region_id)
    return utility, area, meter


def by_day(area: Area) -> dict[dt.date, dict]:
    table = leaving.calibrated(area, DAYS[0], DAYS[-1]).filter(pl.col("meter_id") == "DB9")
    noon = table.filter(pl.col("ts").dt.convert_time_zone(str(clock.CIVIL)).dt.hour() == 12)
    return {row["ts"].astimezone(clock.CIVIL).date(): row for row in noon.iter_rows(named=True)}


def test_the_state_is_that_of_the_day_of_the_reading():
    _utility, area, _meter = area_with()
    found = by_day(area)
    assert [found[d]["calibration"] for d in DAYS] == ["valid"] * 3 + ["expired"] * 3
    assert found[DAYS[0]]["certificate"] == "旧-1"
    assert found[DAYS[0]]["valid_until"] == DAYS[2]
    assert [found[d]["u"] for d in DAYS] == [None] * 4 + [0.004] * 2, "known only after the data it rests on"
    assert found[DAYS[5]]["evaluation"] == "e" * 64
    master = leaving.calibrated(area, DAYS[0], DAYS[0]).filter(pl.col("meter_id") == "M9")
    assert master["calibration"].unique().to_list() == ["unlisted"]


def test_rejection_and_revocation_and_a_new_certificate_count_from_their_day():
    _utility, area, meter = area_with()
    paper(meter.instrument, "退-2", DAYS[3], None, verdict="reject")
    paper(meter.instrument, "新-3", DAYS[4], dt.date(2034, 1, 1), void_from=DAYS[5])
    found = by_day(area)
    assert [found[d]["calibration"] for d in DAYS[2:]] == ["valid", "rejected", "valid", "revoked"]
    assert found[DAYS[4]]["certificate"] == "新-3"


def test_what_the_owner_did_ends_a_certificate_for_those_days_even_after_a_new_one():
    _utility, area, meter = area_with()
    item = meter.instrument
    ValidityEnd.objects.create(subject_id=item.pk, on=DAYS[1], at=clock.now(), cause="moved")
    paper(item, "新-2", DAYS[3], dt.date(2034, 1, 1))
    Instrument.objects.filter(pk=item.pk).update(invalidated_on=None)
    found = by_day(area)
    assert [found[d]["calibration"] for d in DAYS[:4]] == ["valid", "invalidated", "invalidated", "valid"]


def test_a_test_report_or_a_calibration_takes_no_verification_away():
    _utility, area, meter = area_with()
    report = paper(meter.instrument, "检测-1", DAYS[1], None)
    Document.objects.filter(pk=report.pk).update(kind="test_report")
    other = paper(meter.instrument, "校准-1", DAYS[1], None)
    Document.objects.filter(pk=other.pk).update(kind="calibration_certificate")
    assert {by_day(area)[d]["certificate"] for d in DAYS[:3]} == {"旧-1"}


def test_the_page_gives_csv_and_the_api_json_and_arrow_to_those_who_see_the_area():
    utility, area, _meter = area_with()
    client = Client()
    client.force_login(utility.keeper)
    url = reverse("surveillance:area-readings", args=[area.pk]) + f"?since={DAYS[0]}&until={DAYS[-1]}"
    text = b"".join(client.get(url).streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 2 * 24 * len(DAYS)
    assert {r["calibration"] for r in rows if r["meter_id"] == "DB9"} == {"valid", "expired"}
    get_resolver().url_patterns  # noqa: B018
    user = utility.keeper
    _token, secret = tokens.issue(
        actor=utility.actor("keeper"), organisation=user.organisation, user=user, name="ems",
        scopes=["readings:read"], expires_at=clock.now() + dt.timedelta(days=30),
    )  # fmt: skip
    head = {"authorization": f"Bearer {secret}"}
    api = f"/api/v1/readings?area=TQ-9&since={DAYS[0]}&until={DAYS[-1]}"
    answer = Client().get(api, headers=head)
    assert answer.status_code == 200, answer.content
    assert answer.json()[0]["calibration"] == "valid"
    arrow = Client().get(api, headers={**head, "accept": "application/vnd.apache.arrow.stream"})
    assert pl.read_ipc_stream(io.BytesIO(arrow.content)).height == len(rows)
    rival = Client()
    rival.force_login(utility.rival)
    assert rival.get(url).status_code == 404
    assert rival.get(api).status_code == 404
    assert Client().get(api.replace("02-15", "05-15"), headers=head).status_code in (400, 422)
