"""Certificates over the API: the bytes as issued, and many at once with names that stay."""

from __future__ import annotations

import hashlib
import io
import uuid
import zipfile

import pytest

from quanheng.evidence.verify import main as verify
from quanheng.platform.documents.keys import keys_text
from quanheng.platform.documents.ledger import merge_leaves
from quanheng.platform.documents.services import record_imported
from quanheng.platform.kernel import clock
from tests.platform import makers
from tests.platform.api.steps import caller, problem
from tests.platform.certificates import steps


@pytest.fixture
def record(cast):
    with clock.at(steps.TODAY):
        made = steps.signed(cast)
        merge_leaves()
    return made


def imported(cast):
    row = {
        "number": "旧-2024-001",
        "kind": "verification_certificate",
        "organisation": cast.institute,
        "owner": cast.shop,
        "region": cast.shop.region,
        "subject_type": "instruments.instrument",
        "subject_id": makers.make_instrument(cast.shop).pk,
        "verdict": "pass",
        "performed_on": steps.TODAY,
    }
    return record_imported([row], actor=makers.SYSTEM)[0]


def test_a_certificate_is_listed_described_and_downloaded_as_issued(cast, record):
    shop, document = caller(cast, "keeper"), record.document
    one = shop.get("/certificates").json()["items"][0]
    assert one == shop.get(f"/certificates/{document.pk}").json()
    assert (one["number"], one["state"], one["verdict"]) == (document.number, "issued", "pass")
    for part, kind in (("xml", "application/xml"), ("pdf", "application/pdf")):
        response = shop.get(f"/certificates/{document.pk}/{part}")
        assert response["Content-Type"] == kind
        assert hashlib.sha256(response.content).hexdigest() == one[f"{part}_sha256"]


def test_a_bundle_from_the_api_satisfies_the_verifier(cast, record, tmp_path):
    shop = caller(cast, "keeper")
    bundle, keys = tmp_path / "c.bundle.json", tmp_path / "KEYS"
    bundle.write_bytes(shop.get(f"/certificates/{record.document_id}/bundle").content)
    keys.write_text(keys_text(), "utf-8")
    assert verify([str(bundle), "--keys", str(keys)]) == 0


def test_the_archive_has_stable_names_and_lists_what_has_no_bytes(cast, record):
    old = imported(cast)
    shop = caller(cast, "keeper")
    packs = [b"".join(shop.get("/certificates/archive").streaming_content) for _i in range(2)]
    with zipfile.ZipFile(io.BytesIO(packs[0])) as pack, zipfile.ZipFile(io.BytesIO(packs[1])) as again:
        names = pack.namelist()
        assert names == again.namelist()
        pdf = next(n for n in names if n.endswith(".pdf"))
        site, rest = pdf.split("/")
        assert site == "东陵商贸有限公司"
        assert rest.endswith(f"_{record.document.number}.pdf")
        assert hashlib.sha256(pack.read(pdf)).hexdigest() == record.document.pdf_sha256
        assert pack.read("missing.txt").decode("utf-8-sig").splitlines()[1:] == [old.number]
        assert "没有文件" in pack.read("missing.txt").decode("utf-8-sig")


def test_the_archive_of_chosen_ones_names_the_first_stranger(cast, record):
    shop, rival = caller(cast, "keeper"), caller(cast, "rival_keeper")
    chosen = shop.get("/certificates/archive", id=[str(record.document_id)])
    assert b"PK" in b"".join(chosen.streaming_content)[:4]
    assert (
        problem(rival.get("/certificates/archive", id=[str(record.document_id)]), 404, "not_found")["place"] == "id.0"
    )


def test_an_imported_certificate_is_described_and_has_no_bytes(cast):
    old, shop = imported(cast), caller(cast, "keeper")
    assert shop.get(f"/certificates/{old.pk}").json()["origin"] == "imported"
    for part in ("xml", "pdf", "bundle"):
        problem(shop.get(f"/certificates/{old.pk}/{part}"), 404, "not_found")


def test_filters_of_the_list(cast, record):
    old, shop = imported(cast), caller(cast, "keeper")

    def numbers(**query):
        return {c["number"] for c in shop.get("/certificates", **query).json()["items"]}

    assert numbers() == {record.document.number, old.number}
    assert numbers(origin="imported") == {old.number}
    assert numbers(instrument=str(record.instrument_id)) == {record.document.number}
    assert numbers(number=old.number) == {old.number}
    assert numbers(issued_to="2020-01-01") == set()


def test_what_is_not_there_is_named_as_the_request_named_it(cast):
    shop, nobody = caller(cast, "keeper"), uuid.UUID(int=7)
    for path, place in (
        (f"/certificates/{nobody}", "certificate_id"),
        (f"/instruments/{nobody}", "instrument_id"),
        (f"/applications/{nobody}", "application_id"),
        (f"/tasks/{nobody}", "task_id"),
    ):
        said = problem(shop.get(path), 404, "not_found")
        assert said["place"] == place
        assert str(nobody) in said["detail"]
