"""A PDF that carries the certificate: read like the XML, and its own seal judged beside."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pypdf import PdfWriter

from quanheng.cli.main import main
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.validate import Validation, validate
from quanheng.evidence.issuing import issue_bytes
from quanheng.evidence.rendering.certificate import render_certificate
from quanheng.evidence.signing.pades import sign_pdf
from tests.evidence.sample_content import make_content
from tests.evidence.signing.keys import AT, authority, seal

Out = pytest.CaptureFixture[str]
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@cache
def issued() -> bytes:
    return issue_bytes(make_content(), seal(), AT)[1]


@cache
def only_the_pdf_signed() -> bytes:
    return sign_pdf(render_certificate(make_content(), build(make_content()), AT), seal(), AT)


def check(data: bytes) -> Validation:
    return validate(data, None, anchors=[authority().certificate], now=NOW)


def states(data: bytes) -> list[tuple[str, str]]:
    return [(s.form, s.state) for s in check(data).signatures]


def test_a_pdf_is_judged_by_the_certificate_inside_and_by_its_own_seal() -> None:
    result = check(issued())
    assert result.attached
    assert result.well_formed
    assert states(issued()) == [("XAdES", "valid-now"), ("PAdES", "valid-now")]


def test_a_seal_on_the_pdf_alone_is_found() -> None:
    assert states(only_the_pdf_signed()) == [("PAdES", "valid-now")]


def test_one_byte_changed_in_the_pdf_is_told_though_the_xml_inside_is_untouched() -> None:
    altered = issued().replace(b"/CreationDate(D:2026", b"/CreationDate(D:2025", 1)
    assert altered != issued()
    assert states(altered) == [("XAdES", "valid-now"), ("PAdES", "tampered")]
    assert check(altered).negative("error")


def test_what_another_program_added_after_the_seal_is_no_forgery_and_no_proof() -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(issued()))
    writer.root["/Lang"] = generic.pdf_string("de")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    assert states(out.getvalue())[1] == ("PAdES", "unsupported")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "c.pdf").write_bytes(issued())
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(tmp_path / "paper.pdf")
    return tmp_path


def test_show_validate_and_export_open_it(folder: Path, capsys: Out) -> None:
    file = str(folder / "c.pdf")
    assert main(["dcc", "show", file]) == 0
    assert "LZ-2026-000123" in capsys.readouterr().out
    main(["dcc", "validate", file, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["attached"], [s["form"] for s in found["signatures"]]) == (True, ["XAdES", "PAdES"])
    assert main(["dcc", "export", file, "--to", "csv"]) == 0
    assert "15003.0" in capsys.readouterr().out
    assert main(["dcc", "diff", file, file]) == 0


def test_a_paper_copy_in_a_folder_is_skipped_aloud_and_refused_when_named(folder: Path, capsys: Out) -> None:
    assert main(["dcc", "show", str(folder)]) == 0
    assert "no XML" in capsys.readouterr().out
    assert main(["dcc", "show", str(folder / "paper.pdf")]) == 2
    assert capsys.readouterr().err.startswith("pdf_without_xml: ")
