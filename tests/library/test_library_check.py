"""The library we ship is sound, and the checker says what is wrong with one that is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quanheng.library import LIBRARY_ROOT
from quanheng.library.check import check, main
from quanheng.library.reader import body_digest, read_library

MANIFEST = (
    "kind: emission_factor\ntitle: 因子\ndefaults: {region: CN, edition: '2023', source: 公告, verified: 'yes'}\n"
)
HEADER = "code,edition,effective_from,effective_to,source,category,name_zh,parameter,value,unit\n"


def make_library(folder: Path, rows: str, manifest: str = MANIFEST) -> Path:
    (folder / "factors").mkdir(exist_ok=True)
    (folder / "factors" / "demo.yaml").write_text(manifest, encoding="utf-8")
    (folder / "factors" / "demo.csv").write_text(HEADER + rows, encoding="utf-8")
    return folder


def codes(folder: Path) -> list[str]:
    return [problem.code for problem in check(folder)]


def test_our_own_library_has_no_problem() -> None:
    assert [problem.line() for problem in check(LIBRARY_ROOT)] == []
    assert main([]) == 0


def test_every_item_carries_a_source_and_a_mark() -> None:
    items = read_library(LIBRARY_ROOT).items
    assert len(items) > 600
    assert all(item.source and item.verified in ("yes", "once", "no") for item in items)


def test_a_good_table_is_read_with_its_text_untouched(tmp_path: Path) -> None:
    make_library(tmp_path, "grid,,2026-01-15,,,grid,全国,平均,0.5300,kgCO2/kWh\n")
    [item] = read_library(tmp_path).items
    assert item.body["value"] == "0.5300"
    assert item.key == ("emission_factor", "grid", "2023", "CN")
    assert codes(tmp_path) == []


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("grid,,,,,grid,全国,平均,0.5x,kg\n", "schema"),
        ("grid,,2026-02-30,,,grid,全国,平均,0.5,kg\n", "schema"),
        ("grid,,2026-02-01,2026-01-01,,grid,全国,平均,0.5,kg\n", "schema"),
        (",,,,,grid,全国,平均,0.5,kg\n", "missing"),
        ("grid,,,,,grid,全国,平均,0.5,kg\n" * 2, "duplicate"),
        ("grid,2022,,2026-01-15,,g,n,p,0.5,kg\ngrid,2023,2026-01-15,,,g,n,p,0.6,kg\n", "overlap"),
        ("grid,2022,,,,g,n,p,0.5,kg\ngrid,2023,2026-01-15,,,g,n,p,0.6,kg\n", "overlap"),
        ("grid,,,,,grid,全国\n", "unreadable"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, rows: str, code: str) -> None:
    make_library(tmp_path, rows)
    assert code in codes(tmp_path)
    assert all(problem.place.startswith("factors/demo") for problem in check(tmp_path))


def test_an_edition_may_follow_another_on_the_next_day(tmp_path: Path) -> None:
    make_library(tmp_path, "grid,2022,,2026-01-14,,g,n,p,0.5,kg\ngrid,2023,2026-01-15,,,g,n,p,0.6,kg\n")
    assert codes(tmp_path) == []


def test_a_value_without_source_is_refused(tmp_path: Path) -> None:
    make_library(tmp_path, "grid,,,,,g,n,p,0.5,kg\n", MANIFEST.replace("source: 公告, ", ""))
    assert codes(tmp_path) == ["no_source"]


@pytest.mark.parametrize(
    "manifest",
    [
        "kind: unknown\ntitle: x\n",
        "- a list\n",
        "kind: [",
        "kind: norm\ntitle: x\nextra: 1\n",
        "!!python/object:os.system {}\n",
    ],
)
def test_a_bad_manifest_is_one_problem_and_no_crash(tmp_path: Path, manifest: str) -> None:
    make_library(tmp_path, "grid,,,,,g,n,p,0.5,kg\n", manifest)
    assert codes(tmp_path) == ["unreadable"]


def test_a_table_without_manifest_is_found(tmp_path: Path) -> None:
    (tmp_path / "stray.csv").write_text("code\nx\n", encoding="utf-8")
    assert codes(tmp_path) == ["no_manifest"]


def test_a_file_in_another_encoding_is_one_problem(tmp_path: Path) -> None:
    make_library(tmp_path, "")
    (tmp_path / "factors" / "demo.csv").write_bytes((HEADER + "grid,,,,,g,全国,p,0.5,kg\n").encode("gb18030"))
    assert codes(tmp_path) == ["unreadable"]


def test_a_category_that_names_an_unknown_norm_is_found(tmp_path: Path) -> None:
    manifest = (
        "kind: catalogue_item\ntitle: 目录\ndefaults: {edition: '2030', source: s, verified: 'no'}\n"
        "items: [{code: scale, category_zh: 秤, item_zh: 秤, name_en: Scale, supervision: V, "
        "verification_mode: periodic, norms: [JJG 539, JJG 99999]}]\n"
    )
    (tmp_path / "catalogue.yaml").write_text(manifest, encoding="utf-8")
    assert [problem.message for problem in check(tmp_path)] == ["norm JJG 99999 is not in the library"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.text(max_size=200))
def test_no_text_in_a_table_makes_the_reader_crash(tmp_path: Path, rows: str) -> None:
    make_library(tmp_path, "")
    (tmp_path / "factors" / "demo.csv").write_bytes((HEADER + rows).encode("utf-8", "surrogatepass"))
    for problem in check(tmp_path):
        assert "\n" not in problem.line()


def test_the_digest_of_a_body_does_not_depend_on_the_order_of_its_fields() -> None:
    assert body_digest({"a": "1", "b": "全"}) == body_digest({"b": "全", "a": "1"})
    assert body_digest({"a": "1.0"}) != body_digest({"a": "1.00"})


def test_every_procedure_we_ship_is_named_by_the_norm_it_runs() -> None:
    shipped = {path.stem for path in (LIBRARY_ROOT / "procedures").glob("*.yaml")}
    named = {item.body["procedure_id"] for item in read_library(LIBRARY_ROOT).items if "procedure_id" in item.body}
    assert shipped - named == set()
