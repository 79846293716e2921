"""The evidence of an evaluation: sealed in the log, downloaded by those who see the area, proven by anybody off line."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from quanheng.evidence.verify.cli import run
from quanheng.platform.documents import ledger
from quanheng.platform.documents.keys import ensure_keys, keys_text
from quanheng.platform.surveillance.models import Evaluation
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db


def downloaded(tmp_path: Path) -> tuple[steps.Utility, Evaluation, Path, Path]:
    """An evaluation's sealed file, fetched by the keeper, beside the published keys."""
    ensure_keys()
    utility, _run = steps.judged()
    ledger.merge_leaves()
    evaluation = Evaluation.objects.select_related("area").order_by("area__code")[0]
    client = Client()
    client.force_login(utility.keeper)
    answer = client.get(reverse("surveillance:evidence", args=[evaluation.area_id, evaluation.version]))
    assert answer.status_code == 200
    assert "attachment" in answer["content-disposition"]
    file, keys = tmp_path / "evidence.json", tmp_path / "KEYS"
    file.write_bytes(answer.content)
    keys.write_text(keys_text())
    return utility, evaluation, file, keys


def verified(file: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict]:
    code = run([str(file), "--keys", str(keys), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_anybody_proves_the_evidence_with_the_file_and_the_keys_alone(tmp_path, capsys):
    _utility, evaluation, file, keys = downloaded(tmp_path)
    code, said = verified(file, keys, capsys)
    assert (code, said["result"]) == (0, "proven"), said
    assert {s["code"] for s in said["proven"]} >= {"sealed_logged", "in_log"}
    sealed = json.loads(base64.b64decode(json.loads(file.read_text())["sealed"]))
    assert sealed["area"] == evaluation.area.code
    assert sealed["evidence_sha256"] == evaluation.evidence_sha256
    assert len(sealed["evidence"]["readings_sha256"]) == 64
    found = {v["meter"]: v["error"] for v in sealed["verdicts"]}
    kept = {v.meter.meter_id: v.error for v in evaluation.verdicts.select_related("meter")}
    assert {m: None if e is None else float(e) for m, e in found.items()} == kept


@pytest.mark.parametrize("field", ["sealed", "salt"])
def test_a_verdict_altered_afterwards_is_found(tmp_path, capsys, field):
    _utility, _evaluation, file, keys = downloaded(tmp_path)
    record = json.loads(file.read_text())
    data = bytearray(base64.b64decode(record[field]))
    data[-3] ^= 1
    record[field] = base64.b64encode(bytes(data)).decode()
    file.write_text(json.dumps(record))
    code, said = verified(file, keys, capsys)
    assert (code, said["result"]) == (1, "tampered")
    assert said["proven"] == []


def test_without_keys_nothing_is_proven_and_a_broken_file_is_refused(tmp_path, capsys):
    _utility, _evaluation, file, keys = downloaded(tmp_path)
    assert run([str(file), "--json"]) == 1
    record = json.loads(file.read_text())
    record["extra"] = 1
    file.write_text(json.dumps(record))
    from quanheng.evidence.verify.cli import main

    assert main([str(file), "--keys", str(keys)]) == 2
    capsys.readouterr()


def test_the_meter_page_leads_to_the_evidence_and_others_do_not_get_it(tmp_path):
    utility, _evaluation, _file, _keys = downloaded(tmp_path)
    meter = steps.worst()
    newest = meter.area.evaluations.order_by("-version")[0]
    url = reverse("surveillance:evidence", args=[meter.area_id, newest.version])
    client = Client()
    client.force_login(utility.keeper)
    page = client.get(meter.get_absolute_url()).content.decode()
    assert url in page
    assert f"第 {newest.seal.index + 1} 条" in page
    rival = Client()
    rival.force_login(utility.rival)
    assert rival.get(url).status_code == 404
