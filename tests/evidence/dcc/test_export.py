from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xmlschema

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.evidence.dcc import tables, toolkit
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.document import Document
from quanheng.evidence.dcc.read import read
from tests.evidence.sample_content import make_content

Out = pytest.CaptureFixture[str]
GOOD = build(make_content())
FOREIGN = GOOD.replace(
    b"</dcc:digitalCalibrationCertificate>",
    b'<dcc:comment><e:note xmlns:e="urn:e" at="1"><!-- kept --><e:x>&lt; \xe4\xb8\xad</e:x></e:note></dcc:comment>'
    b"</dcc:digitalCalibrationCertificate>",
)


def examples(shared: Path) -> list[Path]:
    return sorted((shared / "samples/dcc").glob("*.xml"))


def test_read_then_write_is_canonically_equal_and_keeps_foreign_parts(shared: Path) -> None:
    files = [path.read_bytes() for path in examples(shared)]
    for data in (
        GOOD,
        FOREIGN,
        b"\xef\xbb\xbf" + GOOD,
        GOOD.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        *files,
    ):
        document = Document.read(data)
        again = Document.read(document.write())
        assert again.canonical() == document.canonical()
        assert again.certificate == document.certificate
        assert document.write() == again.write()
    assert b"<!-- kept -->" in Document.read(FOREIGN).write()


def test_toolkit_json_is_what_the_toolkit_itself_writes(shared: Path) -> None:
    """dcc-json-toolkit 1.2.5 is ``xmlschema.XMLSchema(xsd).to_dict(xml)``; here with the same schemas from disk."""
    folder = shared / "schemas/dcc"
    for path in examples(shared):
        ours = toolkit.to_dict(path.read_bytes(), folder)
        xsd = folder / f"v{ours['@schemaVersion']}" / "dcc.xsd"
        assert ours == xmlschema.XMLSchema(str(xsd)).to_dict(str(path), validation="lax")[0]
        json.dumps(ours)


def bare(found: object) -> object:
    """Without namespace declarations, which carry no content."""
    if isinstance(found, dict):
        return {k: bare(v) for k, v in found.items() if not k.startswith("@xmlns")}
    return [bare(v) for v in found] if isinstance(found, list) else found


def test_toolkit_json_leads_back_to_the_same_certificate(shared: Path) -> None:
    folder = shared / "schemas/dcc"
    for data in (GOOD, *(p.read_bytes() for p in examples(shared))):
        there = toolkit.to_dict(data, folder)
        back = toolkit.from_json(json.dumps(there).encode(), folder)
        # as text, since a value that is not a number equals nothing, not even itself
        assert json.dumps(bare(toolkit.to_dict(back, folder))) == json.dumps(bare(there))
        assert read(back).core == read(data).core


def test_json_that_is_not_the_toolkits_is_refused(shared: Path) -> None:
    for data in (b"{", b"[]", b"{}", b'{"@schemaVersion": "3.3.0", "dcc:nonsense": 1}', b'{"@schemaVersion": 3}'):
        with pytest.raises(InputError):
            toolkit.from_json(data, shared / "schemas/dcc")
    with pytest.raises(InputError) as caught:
        toolkit.to_dict(GOOD, None)
    assert caught.value.code == "schema_missing"


def test_every_value_is_in_the_long_table_as_written() -> None:
    certificate = read(GOOD)
    frame = tables.frame(certificate)
    count = sum(len(q.values) for m in certificate.measurements for r in m.results for t in r.tables for q in t.columns)
    assert frame.height == count
    (row,) = frame.filter((pl.col("column") == "示值误差") & (pl.col("row") == 4) & (pl.col("table") == 1)).to_dicts()
    assert (row["value"], row["number"], row["unit"], row["dsi"]) == ("4.0", 4.0, "g", r"\gram")
    assert (row["uncertainty"], row["kind"], row["k"], row["p"]) == ("3.0", "expanded", "2", "0.95")
    again = pl.read_parquet(io.BytesIO(tables.parquet(certificate)))
    assert again.equals(frame)


def test_excel_shows_each_table_with_the_digits_of_the_certificate() -> None:
    book = openpyxl.load_workbook(io.BytesIO(tables.excel(read(GOOD))))
    assert book.sheetnames[0] == "values"
    sheet = book[book.sheetnames[1]]
    heads = [cell.value for cell in sheet[1]]
    assert "示值误差 / g" in heads
    cell = sheet.cell(5, heads.index("示值误差 / g") + 1)
    assert (cell.value, cell.number_format) == (4, "0.0")
    assert heads[heads.index("示值误差 / g") + 1] == "U (k = 2, p = 0.95)"


def test_a_cell_never_runs_as_a_formula() -> None:
    evil = GOOD.replace("示值误差".encode(), b"=cmd|' /C calc'!A0")
    assert "\"'=cmd" in tables.csv(read(evil)) or "'=cmd" in tables.csv(read(evil))
    book = openpyxl.load_workbook(io.BytesIO(tables.excel(read(evil))))
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize(
    ("to", "suffix"),
    [("csv", ".csv"), ("xlsx", ".xlsx"), ("parquet", ".parquet"), ("xml", ".xml"), ("toolkit", ".dcc.json")],
)
def test_export_writes_a_file_once(to: str, suffix: str, tmp_path: Path, shared: Path, capsys: Out) -> None:
    file = tmp_path / "c.xml"
    file.write_bytes(GOOD)
    argv = [
        "dcc",
        "export",
        str(file),
        "--to",
        to,
        "--out",
        str(tmp_path / "out"),
        "--schema-dir",
        str(shared / "schemas/dcc"),
    ]
    assert main(argv) == 0
    assert (tmp_path / "out" / f"c{suffix}").stat().st_size > 500
    assert main(argv) == 2
    assert capsys.readouterr().err.startswith("exists: ")


def test_binary_exports_need_a_folder(tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "c.xml"
    file.write_bytes(GOOD)
    assert main(["dcc", "export", str(file), "--to", "xlsx"]) == 2
    assert "--out" in capsys.readouterr().err


def test_validating_loads_no_column_library() -> None:
    code = "import sys, quanheng.cli.dcc; sys.exit(any(m in sys.modules for m in ('polars', 'xmlschema', 'django')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
