"""Years later a certificate is recomputed from what was kept, and exported for a stranger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.platform.certificates import queries
from quanheng.platform.documents import ledger
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
    assert main(["certificate", "export", number, "--out", str(tmp_path / "out")]) == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        f"{number}.bundle.json",
        f"{number}.pdf",
        f"{number}.xml",
    ]


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
