from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.evidence.dcc import schema, schema_store
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.safe import parse
from tests.evidence.sample_content import make_content

Out = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("QUANHENG_DCC_SCHEMAS", raising=False)
    return tmp_path


def test_schemas_are_installed_once_and_then_need_no_option(home: Path, shared: Path, capsys: Out) -> None:
    file = home / "c.xml"
    file.write_bytes(build(make_content()))
    assert main(["dcc", "validate", str(file)]) == 1
    assert main(["dcc", "schemas", "add", str(shared / "schemas/dcc")]) == 0
    capsys.readouterr()
    assert main(["dcc", "validate", str(file), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == {"state": "found", "valid": True, "official": True, "errors": []}


def test_schemas_are_recognised_whatever_their_names_and_import_addresses(home: Path, shared: Path) -> None:
    loose = home / "loose"
    loose.mkdir()
    for number, path in enumerate(sorted((shared / "schemas/dcc").rglob("*.xsd"))):
        text = path.read_text("utf-8").replace('schemaLocation="../dsi/', 'schemaLocation="https://example.org/')
        (loose / f"{number}.xsd").write_text(text, "utf-8")
    store = home / "store"
    assert all(a.role for a in schema_store.add(loose, store))
    result = schema.check(parse(build(make_content())), store)
    assert (result.valid, result.official) == (True, True)


def test_a_changed_schema_is_not_installed(home: Path, shared: Path, capsys: Out) -> None:
    folder = home / "s"
    shutil.copytree(shared / "schemas/dcc", folder)
    changed = folder / "v3.3.0/dcc.xsd"
    changed.write_text(changed.read_text("utf-8").replace('minOccurs="0"', 'minOccurs="1"', 1), "utf-8")
    assert main(["dcc", "schemas", "add", str(folder), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [Path(f["file"]).parent.name for f in answer["files"] if not f["role"]] == ["v3.3.0"]
    assert "v3.3.0/dcc.xsd" not in schema_store.installed()
    assert schema.check(parse(build(make_content())), folder).official is False


def test_a_store_that_was_tampered_with_is_not_listed(home: Path, shared: Path) -> None:
    store = home / "store"
    schema_store.add(shared / "schemas/dcc", store)
    (store / "v3.3.0/dcc.xsd").write_text("<x/>")
    schema_store._pinned.cache_clear()
    assert "v3.3.0/dcc.xsd" not in schema_store.installed(store)
    assert "v3.2.1/dcc.xsd" in schema_store.installed(store)


def test_a_folder_without_schemas_is_refused(home: Path, capsys: Out) -> None:
    assert main(["dcc", "schemas", "add", str(home)]) == 2
    assert capsys.readouterr().err.startswith("schema_dir: ")


def test_every_released_version_from_2_2_compiles(shared: Path) -> None:
    folder = shared / "schemas/dcc"
    for version in ("2.2.0", "2.3.0", "2.4.0", "3.0.0", "3.1.0", "3.1.1", "3.1.2", "3.2.0", "3.2.1", "3.3.0"):
        text = build(make_content()).replace(b'schemaVersion="3.3.0"', f'schemaVersion="{version}"'.encode())
        assert schema.check(parse(text), folder).state == "found"


def test_mathml_without_its_schema_is_foreign_and_not_an_error(shared: Path) -> None:
    formula = (
        '<dcc:formula><dcc:mathml><math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi></math>'
        "</dcc:mathml></dcc:formula>"
    )
    text = build(make_content()).decode()
    at = text.index("<dcc:data>", text.index("<dcc:results>")) + len("<dcc:data>")
    result = schema.check(parse((text[:at] + formula + text[at:]).encode()), shared / "schemas/dcc")
    assert result.valid is True
    assert [e.foreign for e in result.errors] == [True]
