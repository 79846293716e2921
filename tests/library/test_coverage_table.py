"""Every capability the plans name is listed, and what is called done can be opened and is tested."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import NoReverseMatch, get_resolver, reverse

from quanheng.cli.main import VERBS
from quanheng.library.coverage import Capability, read_coverage

ROOT = Path(__file__).resolve().parent.parent.parent


def url_names() -> set[str]:
    names: set[str] = set()

    def walk(resolver: object, prefix: str) -> None:
        for name in resolver.reverse_dict:  # type: ignore[attr-defined]
            if isinstance(name, str):
                names.add(prefix + name)
        for space, (_path, inner) in resolver.namespace_dict.items():  # type: ignore[attr-defined]
            walk(inner, f"{prefix}{space}:")

    walk(get_resolver(), "")
    return names


def opens(target: str, names: set[str]) -> bool:
    """A URL name, ``quanheng VERB …`` or ``manage COMMAND``."""
    words = target.split()
    if words[0] == "quanheng":
        return len(words) > 1 and words[1] in VERBS
    if words[0] == "manage":
        return len(words) > 1 and words[1] in get_commands()
    return target in names


def test_the_table_is_well_formed() -> None:
    capabilities, problems = read_coverage()
    assert problems == []
    assert capabilities


def test_every_capability_of_the_plans_is_listed(shared: Path) -> None:
    with (shared / "reference" / "plan_capabilities.csv").open(encoding="utf-8-sig", newline="") as stream:
        wanted = {row["capability_key"] for row in csv.DictReader(stream)}
    listed = {capability.capability_key for capability in read_coverage()[0]}
    assert wanted - listed == set()
    assert listed - wanted == set()


def test_what_is_done_has_a_page_or_command_and_a_test_that_exists() -> None:
    names = url_names()
    wrong = [
        capability.capability_key
        for capability in read_coverage()[0]
        if capability.status == "done"
        and not (opens(capability.page_or_command, names) and (ROOT / capability.test.split("::")[0]).is_file())
    ]
    assert wrong == []


def test_the_check_itself_can_tell_a_dead_address() -> None:
    names = url_names()
    assert not opens("law:no_such_page", names)
    assert not opens("quanheng nothing", names)
    assert opens("quanheng doctor", names)
    with pytest.raises(NoReverseMatch):
        reverse("law:no_such_page")


@pytest.mark.parametrize(
    "row",
    [
        "k,名,GOV,core,1,done,,",
        "k,名,GOV,core,x,open,,",
        "k,名,GOV,core,1,perhaps,,",
        ",名,GOV,core,1,open,,",
        "k,名,GOV,core,1,open,,,more",
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str) -> None:
    header = ",".join(Capability.__dataclass_fields__)
    (tmp_path / "coverage.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    capabilities, problems = read_coverage(tmp_path)
    assert capabilities == []
    assert [problem.place for problem in problems] == ["coverage.csv:2"]
