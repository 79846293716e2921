"""Every procedure's record sheet: opened, completed from its worked example, computed, submitted, printed."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from quanheng.platform.certificates import services
from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.naming import Names
from quanheng.platform.kernel import clock
from quanheng.platform.standards.services import enter_upper_certificate
from quanheng.platform.verification.models import Task
from quanheng.procedures import load, procedure_ids
from quanheng.procedures.usage import UsedValue, used_values
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
CATEGORY = "sheet-of-"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY), translation.override("zh-hans"):  # a page in English leaves the thread in English
        yield


def range_of(values: list[UsedValue]) -> dict[str, Any]:
    """Just the range in which the example uses the standard."""
    if not values:
        return {}
    span = sorted(float(v.value) for v in values)
    return {"range_low": span[0], "range_high": span[-1], "unit": values[0].unit}


def make_standards(cast: Cast, example: dict[str, Any], norm: Any) -> None:
    """The standards of the worked example, each with a certificate up to the national standard."""
    root = steps.make_root()
    used = used_values(load(example["procedure"]), example)
    for entry in example["standards"]:
        accuracy = {key: entry[key] for key in ("u", "U", "k", "mpe") if key in entry}
        standard = makers.make_standard(
            cast.institute,
            norm,
            role=entry["role"],
            name=entry["name"],
            parameters=accuracy,
            **range_of(used.get(entry["role"], [])),
        )
        enter_upper_certificate(
            actor=makers.SYSTEM,
            standard=standard,
            number=entry["certificate"],
            issuer_name="省计量院",
            valid_from=dt.date(2026, 1, 1),
            valid_to=dt.date(2027, 12, 31),
            uses=[{"standard_id": root, "used_on": dt.date(2026, 1, 1), "u_ratio": 0.2}],
        )


def open_sheet(cast: Cast, procedure: str, example: dict[str, Any]) -> Record:
    own = load(procedure).procedure.norm
    norm = makers.make_norm(own.number, title=own.title.zh, in_force_from=own.in_force_from, procedure_id=procedure)
    if own.number != "JJG 539-2016":
        makers.make_authorisation(cast.institute, norm)
        for part, duty in (("verifier", "verify"), ("checker", "check"), ("signatory", "sign")):
            makers.make_licence(getattr(cast, part), duty, norm)
    make_standards(cast, example, norm)
    category = makers.make_category(CATEGORY + procedure.lower(), norm, name="器具", item="器具")
    category.norms.set([norm])
    instrument = makers.make_instrument(
        cast.shop, category=category, measuring_range="", parameters=example["instrument"]
    )
    task = steps.make_task(cast, instrument)
    Task.objects.filter(pk=task.pk).update(purpose=example["purpose"])
    task.refresh_from_db()
    return services.open_record(task, actor=cast.actor("verifier"))


def client_of(cast: Cast, part: str) -> Client:
    client = Client()
    client.force_login(getattr(cast, part))
    session = client.session
    session["second_factor"] = True
    session.save()
    return client


@pytest.mark.parametrize("procedure", procedure_ids())
def test_the_pass_example_is_completed_through_the_page(cast: Cast, procedure: str) -> None:
    example = steps.make_sheet("pass", procedure)
    record = open_sheet(cast, procedure, example)
    client, address = client_of(cast, "verifier"), reverse("certificates:record", args=[record.pk])
    page = client.get(address).content.decode()
    boxes = set(re.findall(r'data-(?:path|given)="([^"]+)"', page))
    readings = {
        f"sections.{key}.{row}.{field}"
        for key, rows in example["sections"].items()
        for row, cells in enumerate(rows)
        for field in cells
    }
    assert readings <= boxes
    assert {f"environment.{key}" for key in example["environment"]} <= boxes
    assert set(re.findall(r'data-check="([^"]+)"', page)) == set(example["checks"])
    assert "\\" not in "".join(re.findall(r"<option[^>]*>([^<]*)</option>", page))

    typed = {**record.data, **{k: example[k] for k in ("instrument", "environment", "sections", "checks")}}
    painted = client.post(f"{address}evaluate/", json.dumps({"data": typed}), "application/json").json()
    assert (painted["verdict"], painted["missing"], painted["invalid"]) == ("pass", [], [])
    body = json.dumps({"data": typed, "version": record.version})
    assert client.post(f"{address}save/", body, "application/json").status_code == 200
    done = client.post(f"{address}submit/")
    assert done.status_code == 302, done.content.decode()[:4000]
    record.refresh_from_db()
    assert (record.state, record.verdict) == ("checking", "pass")
    assert client.get(f"{address}raw.pdf").content.startswith(b"%PDF")
    review = client_of(cast, "checker").get(f"{address}review/").content.decode()
    assert "全部条件满足" in review
    assert client_of(cast, "checker").get(f"{address}preview/1.png").content.startswith(b"\x89PNG")


@pytest.mark.parametrize("procedure", procedure_ids())
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_gap_of_an_empty_sheet_has_a_name(cast: Cast, procedure: str, language: str) -> None:
    example = steps.make_sheet("pass", procedure)
    record = open_sheet(cast, procedure, example)
    client, address = client_of(cast, "verifier"), reverse("certificates:record", args=[record.pk])
    client.cookies["django_language"] = language
    typed = {**record.data, "sections": {}, "environment": {}, "checks": {}}
    painted = client.post(f"{address}evaluate/", json.dumps({"data": typed}), "application/json").json()
    names = [gap["name"] for gap in painted["missing"]]
    assert names
    assert all(names)
    assert len(set(names)) == len(names)
    if language == "en":
        points = re.sub(r"\([^)]*\)", "", "".join(names))  # a point may carry a sign of the sheet, such as 左
        assert not re.search(r"[\u3400-\u9fff]", points), names
        with translation.override("en"):
            assert Names(procedure, record.data).of("environment.nothing") == ""
