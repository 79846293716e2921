"""Files as they come in: cut off, wrongly encoded, with odd prefixes; never a traceback, always the most there is."""

from __future__ import annotations

import codecs
import json
import random
import re
from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.evidence.dcc import safe
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.read import read, read_damaged
from quanheng.evidence.dcc.show import show
from quanheng.evidence.dcc.validate import validate
from tests.evidence.sample_content import make_content

Out = pytest.CaptureFixture[str]
GOOD = build(make_content())
TEXT = GOOD.decode()


def test_a_file_cut_off_still_shows_what_came_before() -> None:
    certificate, problems = read_damaged(GOOD[: len(GOOD) * 2 // 3])
    assert problems
    assert certificate.core.unique_identifier == "LZ-2026-000123"
    assert certificate.items
    result = validate(GOOD[: len(GOOD) * 2 // 3], None)
    assert (result.well_formed, result.schema.state) == (False, "not_applied")
    assert result.negative("error")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.replace("UTF-8", "no-such-code").encode(), "no-such-code"),
        (TEXT.replace("永衡", "永\x07衡").encode(), "forbids"),
        (TEXT.replace("永衡", "永&nbsp;衡").encode(), "nbsp"),
        (TEXT.encode().replace("永".encode(), b"\xff\xfe"), "no UTF-8"),
        (TEXT.partition("?>")[2].encode("utf-16-le"), "UTF-16"),
        (TEXT.partition("?>")[2].encode("utf-16-be"), "UTF-16"),
    ],
)
def test_wrong_encodings_and_forbidden_characters_are_read_and_told(data: bytes, told: str) -> None:
    certificate, problems = read_damaged(data)
    assert certificate.core.unique_identifier == "LZ-2026-000123"
    assert told in " ".join(p.message for p in problems)
    assert certificate.laboratory is not None


def test_a_western_file_with_a_wrong_declaration_does_not_turn_chinese() -> None:
    western = TEXT.replace("电子计价秤", "Wärmefluß-Meßplatte")
    ascii_but = "".join(c if c < "\u0100" else "?" for c in western)
    certificate, problems = read_damaged(ascii_but.encode("cp1252"))
    assert "Wärmefluß-Meßplatte" in certificate.items[0].name["zh"]
    assert any("cp1252" in p.message for p in problems)


def test_one_wrong_byte_does_not_spoil_the_chinese_around_it() -> None:
    at = GOOD.index("电子计价秤".encode())
    certificate, _ = read_damaged(GOOD[:at] + b"\xe4" + GOOD[at:])
    assert certificate.items[0].name["zh"] == "\ufffd电子计价秤"


def test_names_of_characters_that_html_knows_are_resolved() -> None:
    certificate, _ = read_damaged(TEXT.replace("电子计价秤", "K&auml;se&nbsp;A&lt;B").encode())
    assert certificate.items[0].name["zh"] == "Käse A<B"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_no_damage(encoding: str) -> None:
    text = TEXT.replace("UTF-8", encoding.removesuffix("-sig"))
    assert read(text.encode(encoding)).core.unique_identifier == "LZ-2026-000123"
    assert validate(text.encode(encoding), None).well_formed


def test_the_prefix_does_not_matter() -> None:
    renamed = re.sub(r"(?<=[</:])dcc(?=[:=])", "dkbs", TEXT)
    renamed = re.sub(r"(?<=[</])si(?=:)", "x", renamed).replace("xmlns:si=", "xmlns:x=")
    assert read(renamed.encode()) == read(GOOD)


def test_random_damage_never_raises_anything_but_one_clear_error() -> None:
    rng, refused = random.Random(4), set()
    for _ in range(120):
        data = bytearray(GOOD)
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(data))
            if rng.random() < 0.5:
                del data[at : at + rng.randrange(1, 200)]
            else:
                data[at] = rng.randrange(256)
        try:
            certificate, _ = read_damaged(bytes(data))
            show(certificate)
            json.dumps(validate(bytes(data), None).as_json())
        except InputError as error:
            refused.add(error.code)
    assert refused <= {"not_xml", "not_dcc", "doctype", "too_deep"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-7", "cp037"])
def test_a_doctype_in_another_encoding_is_refused_too(encoding: str) -> None:
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "bbb">]><a>&b;</a>'
    with pytest.raises(InputError):
        safe.parse_damaged(bomb.encode(encoding))


def test_a_large_embedded_file_is_read_and_a_larger_certificate_refused(tmp_path: Path, capsys: Out) -> None:
    end = b"</dcc:digitalCalibrationCertificate>"
    inside = b"<dcc:document><dcc:fileName>a</dcc:fileName><dcc:mimeType>x/y</dcc:mimeType><dcc:dataBase64>"
    big = GOOD.replace(end, inside + b"A" * 16_000_000 + b"</dcc:dataBase64></dcc:document>" + end)
    assert read(big).attachments[0].base64_characters == 16_000_000
    path = tmp_path / "huge.xml"
    with path.open("wb") as out:
        out.truncate(200 * 2**20)
    assert main(["dcc", "validate", str(path)]) == 2
    assert capsys.readouterr().err.startswith("too_large: ")


def test_a_folder_gives_a_table_and_says_what_it_could_not_read(tmp_path: Path, capsys: Out) -> None:
    for number in range(9):
        (tmp_path / f"{number}.xml").write_bytes(GOOD)
    (tmp_path / "bad.xml").write_text("nothing")
    assert main(["dcc", "validate", str(tmp_path), "--jobs", "2"]) == 2
    printed = capsys.readouterr()
    assert "10 个文件 files" in printed.out
    assert printed.err.startswith("not_xml: 1 of 10 files")
    assert len(printed.err.splitlines()) == 1
    assert main(["dcc", "validate", str(tmp_path), "--json", "--jobs", "2"]) == 2
    answers = json.loads(capsys.readouterr().out)
    assert [Path(a["file"]).name for a in answers] == [*(f"{n}.xml" for n in range(9)), "bad.xml"]
    assert answers[-1]["error"]["code"] == "not_xml"


def test_show_of_a_damaged_file_says_so(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "c.xml"
    path.write_bytes(codecs.BOM_UTF8 + GOOD[:4000])
    assert main(["dcc", "show", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["well_formed"] is False
    assert answer["core"]["unique_identifier"] == "LZ-2026-000123"
