"""The same import by machine: over the API and from the shell."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from quanheng.cli import _platform
from quanheng.cli.main import run
from quanheng.platform.certificates.models import ForeignCertificate
from quanheng.platform.kernel import clock
from quanheng.platform.trace.models import TraceCertificate
from tests.platform import makers
from tests.platform.api.steps import caller, problem
from tests.platform.cast import Cast
from tests.platform.certificates import foreign_files as make
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        accepted = make.accept_institute()
        yield
        accepted.unlink()


def make_package(*given: tuple[str, bytes], **more: Any) -> dict[str, Any]:
    return {"files": [{"name": n, "base64": base64.b64encode(d).decode()} for n, d in given], "months": 24, **more}


def test_a_certificate_is_handed_in_decided_confirmed_read_and_undone(cast: Cast) -> None:
    own = makers.make_standard(cast.institute, makers.make_norm(), code="BZ-1")
    api = caller(cast, "manager")
    made = api.post("/foreign-certificates/imports", make_package(("a.xml", make.signed()))).json()
    assert (made["state"], made["accepted"]) == ("preview", 0)
    assert "没有匹配的器具" in made["rows"][0]["errors"]["target"]
    here = f"/foreign-certificates/imports/{made['id']}"
    decided = api.send(
        "put", f"{here}/decisions", {"rows": {"1": {"target": "BZ-1", "valid_until": "2027-01-31"}}}
    ).json()
    assert (decided["rows"][0]["taken_for"], decided["rows"][0]["valid_until"]) == (str(own), "2027-01-31")
    assert api.post(f"{here}/confirmation", {}).json()["state"] == "applied"
    kept = api.get("/foreign-certificates").json()["items"][0]
    assert (kept["signature_state"], kept["items"][0]["subject"]) == ("valid-now", str(own.pk))
    values = api.get(f"/foreign-certificates/{kept['id']}/values").json()["items"]
    assert "200.0" in {v["value"] for v in values}
    assert api.get(f"/foreign-certificates/{kept['id']}/file").content.startswith(b"<?xml")
    assert api.get(f"/foreign-certificates?subject={own.pk}").json()["items"]
    assert api.post(f"{here}/undo", {}).json()["state"] == "undone"
    assert not ForeignCertificate.objects.exists()


def test_what_is_not_base64_or_not_ours_is_refused(cast: Cast) -> None:
    api = caller(cast, "manager")
    wrong = {"files": [{"name": "a.xml", "base64": "§§"}]}
    assert problem(api.post("/foreign-certificates/imports", wrong), 422, "invalid")["place"] == "files.0.base64"
    made = api.post("/foreign-certificates/imports", make_package(("a.xml", make.signed()))).json()
    stranger = caller(cast, "rival_keeper")
    problem(stranger.get(f"/foreign-certificates/imports/{made['id']}"), 404, "not_found")


def say(*argv: str) -> tuple[int, Any]:
    out = io.StringIO()
    with redirect_stdout(out):
        code = run(["import", *argv, "--json"])
    return code, json.loads(out.getvalue())


@pytest.fixture
def _in_this_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_platform, "setup", lambda *_a, **_k: None)


@pytest.mark.usefixtures("_in_this_database")
def test_the_shell_imports_what_is_sure_and_says_what_is_not(cast: Cast, tmp_path: Path) -> None:
    own = makers.make_standard(cast.institute, makers.make_norm(), serial_number="SN-778")
    folder = tmp_path / "folder.zip"
    unknown = make.signed(make.make_foreign("SN-0", number="N-2"))
    folder.write_bytes(make.zipped({"a.xml": make.signed(), "b.xml": unknown, "c.xml": b"nothing"}))
    given = ("dcc", str(folder), "--organisation", cast.institute.name, "--option", "months=12")
    code, looked = say(*given, "--preview")
    assert (code, looked["state"], looked["accepted"], looked["rejected"]) == (1, "preview", 1, 2)
    code, done = say(*given)
    assert (code, done["accepted"], [e["row"] for e in done["errors"]]) == (1, 1, [2, 3])
    assert TraceCertificate.objects.get(item_id=own.pk).valid_to is not None
    assert Path(done["rejected_file"]).exists()
    assert say("dcc", done["id"], "--undo")[1]["state"] == "undone"
    decisions = tmp_path / "decisions.json"
    decisions.write_text(json.dumps({"2": {"target": own.code}, "1": {"target": "leave"}}), "utf-8")
    _code, done = say(*given, "--decide", str(decisions))
    assert done["accepted"] == 1
    assert ForeignCertificate.objects.get().number == "N-2"
