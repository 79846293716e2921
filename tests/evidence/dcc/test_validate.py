from __future__ import annotations

from pathlib import Path

import pytest

from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.safe import parse
from quanheng.evidence.dcc.schema import MOST_ERRORS, check
from quanheng.evidence.dcc.validate import validate
from tests.evidence.sample_content import make_content

GOOD = build(make_content()).decode()


def test_a_missing_schema_is_a_state_of_its_own(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        result = validate(GOOD.encode(), folder)
        assert (result.schema.state, result.schema.valid) == ("missing", None)
        assert result.negative("error")


def test_a_version_cannot_lead_out_of_the_schema_folder(shared: Path) -> None:
    for version in ("../../etc", "3.3.0/../v3.0.0", ""):
        data = GOOD.replace('schemaVersion="3.3.0"', f'schemaVersion="{version}"').encode()
        assert validate(data, shared / "schemas/dcc").schema.state == "missing"


def test_what_breaks_the_schema_is_named_with_its_line(shared: Path) -> None:
    data = GOOD.replace("<dcc:performanceLocation>customer", "<dcc:performanceLocation>CUSTOMER").encode()
    result = validate(data, shared / "schemas/dcc")
    assert result.schema.valid is False
    assert "CUSTOMER" in result.schema.errors[0].message
    assert result.schema.errors[0].line > 1


def test_identifiers_are_checked_though_libxml2_does_not(shared: Path) -> None:
    data = GOOD.replace("<dcc:item>", '<dcc:item refId="nowhere">').encode()
    result = validate(data, shared / "schemas/dcc")
    assert result.schema.valid is False
    assert "nowhere" in result.schema.errors[0].message


def test_a_schema_that_reaches_outside_its_folder_is_unusable(tmp_path: Path) -> None:
    from quanheng.errors import InputError

    (tmp_path / "secret.xsd").write_text("<x/>")
    folder = tmp_path / "schemas"
    (folder / "v3.3.0").mkdir(parents=True)
    (folder / "v3.3.0/dcc.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:include schemaLocation="../../secret.xsd"/></xs:schema>'
    )
    with pytest.raises(InputError) as caught:
        validate(GOOD.encode(), folder)
    assert caught.value.code == "schema_unusable"


def test_fail_on_decides_what_a_warning_means(shared: Path) -> None:
    data = GOOD.replace("<si:unit>\\degreecelsius", "<si:unit>\\degreeCelsius", 1).encode()
    result = validate(data, shared / "schemas/dcc")
    assert not result.negative("error")
    assert result.negative("warning")
    assert [f.remedy for f in result.findings if f.code == "unit"] == [r"\degreecelsius"]


def test_a_hundred_thousand_errors_of_the_schema_are_told_in_bounded_space(shared: Path) -> None:
    strange = " ".join(f'a{n}="x"' for n in range(2000))
    data = build(make_content()).replace(b"<dcc:coreData>", f"<dcc:coreData {strange}>".encode(), 1)
    errors = check(parse(data), shared / "schemas/dcc").errors
    assert len(errors) == MOST_ERRORS + 1
    assert errors[-1].message == f"{2000 - MOST_ERRORS} more errors are not listed"
