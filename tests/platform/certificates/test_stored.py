"""Years later a certificate is recomputed from what was kept, and exported for a stranger."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.evidence.bundle import read_bundle, write_bundle
from quanheng.evidence.replay import replay_bundle
from quanheng.evidence.verify import read_keys, verify_file
from quanheng.platform.certificates import queries
from quanheng.platform.documents import ledger
from quanheng.platform.documents.keys import keys_text
from quanheng.platform.kernel import clock
from quanheng.procedures.replay import replay
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        yield


def test_a_stored_certificate_replays_byte_for_byte(cast: Cast) -> None:
    record = steps.signed(cast)
    assert record.document is not None
    answer = replay(queries.stored(record.document))
    assert answer["same"]
    assert answer["differences"] == []


def test_a_forged_raw_record_is_found_by_its_hash(cast: Cast) -> None:
    record = steps.signed(cast)
    assert record.document is not None
    kept = queries.stored(record.document)
    kept["record"]["sections"]["weighing"][0]["dL_up"] = "0.003"
    assert not replay(kept)["same"]


def test_the_command_lists_and_exports(cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = steps.signed(cast)
    assert record.document is not None
    number = record.document.number
    ledger.merge_leaves()
    assert main(["certificate", "list", "--json"]) == 0
    assert [row["number"] for row in json.loads(capsys.readouterr().out)] == [number]
    assert main(["certificate", "list", "--json", "--state", "revoked"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["certificate", "export", number, "--out", str(tmp_path / "out")]) == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        f"{number}.bundle.json",
        f"{number}.pdf",
        f"{number}.xml",
    ]


def test_the_list_of_the_command_is_whole_unless_a_limit_is_asked_for(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = {steps.signed(cast).document.number for _ in range(3)}  # type: ignore[union-attr]
    monkeypatch.setattr(queries, "LISTED", 2)
    assert main(["certificate", "list", "--json"]) == 0
    assert {row["number"] for row in json.loads(capsys.readouterr().out)} == numbers
    assert main(["certificate", "list", "--limit", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_byte_changed_in_what_an_exported_bundle_is_replayed_from_is_found(cast: Cast, tmp_path: Path) -> None:
    record = steps.signed(cast)
    assert record.document is not None
    ledger.merge_leaves()
    assert main(["certificate", "export", record.document.number, "--out", str(tmp_path)]) == 0
    keys = read_keys(keys_text().encode())
    bundle = read_bundle(next(tmp_path.glob("*.bundle.json")).read_bytes())
    assert bundle.replay is not None
    assert verify_file(write_bundle(bundle), None, keys).result == "proven"
    for part in ("record", "procedure"):
        raw = bytearray(getattr(bundle.replay, part))
        raw[len(raw) // 2] ^= 1
        forged = dataclasses.replace(bundle, replay=dataclasses.replace(bundle.replay, **{part: bytes(raw)}))
        outcome = verify_file(write_bundle(forged), None, keys)
        assert [c.code for c in outcome.contradictions] == ["replay_differs"]
        assert outcome.result != "proven"


def test_an_unknown_number_is_named(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="no certificate"):
        queries.document_numbered(cast.actor("signatory"), "NONE-1")
    assert main(["certificate", "export", "NONE-1", "--out", "x"]) == 2
    assert "unknown_number" in capsys.readouterr().err


def test_certificates_are_seen_by_issuer_owner_and_their_regulator_only(cast: Cast) -> None:
    steps.signed(cast)
    seen = {
        part: queries.documents(cast.actor(part)).count()
        for part in ("signatory", "verifier", "keeper", "regulator", "rival_keeper", "other_regulator", "nobody")
    }
    assert seen == {
        "signatory": 1,
        "verifier": 1,
        "keeper": 1,
        "regulator": 1,
        "rival_keeper": 0,
        "other_regulator": 0,
        "nobody": 0,
    }
    records = {p: queries.records(cast.actor(p)).count() for p in ("verifier", "keeper", "rival_keeper", "nobody")}
    assert records == {"verifier": 1, "keeper": 0, "rival_keeper": 0, "nobody": 0}


def exported(cast: Cast, folder: Path, *options: str) -> Path:
    record = steps.signed(cast)
    assert record.document is not None
    ledger.merge_leaves()
    assert main(["certificate", "export", record.document.number, "--out", str(folder), *options]) == 0
    return folder / f"{record.document.number}.bundle.json"


def changed(path: Path, part: str, old: bytes, new: bytes) -> Path:
    bundle = json.loads(path.read_text("utf-8"))
    data = base64.b64decode(bundle["replay"][part])
    assert old in data
    bundle["replay"][part] = base64.b64encode(data.replace(old, new, 1)).decode()
    target = path.with_name("changed.bundle.json")
    target.write_text(json.dumps(bundle, separators=(",", ":")), "utf-8")
    return target


def test_a_stranger_recomputes_a_certificate_from_its_bundle(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = exported(cast, tmp_path)
    capsys.readouterr()
    assert main(["procedure", "replay", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["same"]
    assert answer["differences"] == []
    assert all(answer[name]["same"] for name in ("record", "procedure", "software", "certificate"))
    assert main(["procedure", "replay", str(changed(path, "record", b"weighing", b"weighinG"))]) == 1
    assert main(["procedure", "replay", str(changed(path, "procedure", b"title", b"titlE"))]) == 1


def test_results_that_do_not_follow_from_the_record_are_named(cast: Cast, tmp_path: Path) -> None:
    bundle = read_bundle(exported(cast, tmp_path).read_bytes())
    forged = re.sub(rb"(valueXMLList>)[^ <]+", rb"\g<1>99.9", bundle.xml, count=1)
    assert forged != bundle.xml
    answer = replay_bundle(dataclasses.replace(bundle, xml=forged))
    assert not answer["same"]
    assert not answer["certificate"]["same"]
    assert answer["differences"][0]["path"].startswith("tables[0].")


def test_a_bundle_without_the_record_says_so(cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exported(cast, tmp_path, "--without-record")
    capsys.readouterr()
    assert main(["procedure", "replay", str(path)]) == 2
    assert capsys.readouterr().err.startswith("not_replayable: ")


def test_the_public_bundle_does_not_give_the_raw_record_away(cast: Cast) -> None:
    record = steps.signed(cast)
    assert record.document is not None
    ledger.merge_leaves()
    assert read_bundle(ledger.bundle(record.document)).replay is None
