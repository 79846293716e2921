"""`quanheng demo` as the contract has it."""

from __future__ import annotations

import argparse
import datetime as dt
import fcntl
import json
import os
import stat
from pathlib import Path

import pytest

from quanheng.cli import demo
from quanheng.platform.kernel import clock
from quanheng.platform.project.demo.world import code_of
from tests.platform.demo.conftest import described, quanheng

ROLES = {
    "system_admin",
    "security_admin",
    "audit_admin",
    "regulator",
    "receptionist",
    "verifier",
    "checker",
    "signatory",
    "lab_manager",
    "enterprise",
}


def test_there_is_a_login_for_every_role_and_an_authenticator_where_one_is_needed(demo_folder: Path) -> None:
    logins = described(demo_folder)["logins"]
    assert {x["role"] for x in logins} == ROLES
    assert {x["user"] for x in logins if "totp" in x} == {"system", "security", "audit", "signatory"}
    assert len({x["password"] for x in logins}) == 1


def test_the_file_names_the_keys_where_they_lie(demo_folder: Path) -> None:
    kept = json.loads((demo_folder / "demo.json").read_text("utf-8"))
    assert Path(kept["keys"]) == demo_folder.resolve() / "KEYS"
    assert Path(kept["keys"]).is_file()


def test_the_passwords_are_not_readable_by_others(demo_folder: Path) -> None:
    assert stat.S_IMODE((demo_folder / "demo.json").stat().st_mode) == 0o600


def test_two_folders_do_not_share_a_password(demo_folder: Path) -> None:
    from quanheng.platform.project.demo.passwords import memorable

    assert len({memorable() for _ in range(50)}) > 45


def test_what_an_interrupted_build_left_is_gone(demo_folder: Path) -> None:
    assert [p.name for p in demo_folder.parent.iterdir()] == ["data"]


def test_a_second_run_builds_nothing(demo_folder: Path) -> None:
    before = (demo_folder / "quanheng.sqlite3").stat().st_mtime_ns
    again = quanheng("demo", "--no-serve", "--json", "--data-dir", demo_folder)
    assert (again.returncode, json.loads(again.stdout)) == (0, described(demo_folder))
    assert (demo_folder / "quanheng.sqlite3").stat().st_mtime_ns == before


def test_a_folder_with_real_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "quanheng.sqlite3").write_bytes(b"real")
    refused = quanheng("demo", "--no-serve", "--data-dir", tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("not_demo: ")
    assert [p.name for p in tmp_path.iterdir()] == ["quanheng.sqlite3"]


@pytest.mark.parametrize("text", ["{", "[]", '{"url": 1}'])
def test_a_damaged_description_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "demo.json").write_text(text)
    refused = quanheng("demo", "--no-serve", "--data-dir", tmp_path)
    assert (refused.returncode, refused.stderr.split(":")[0]) == (2, "demo_json")


@pytest.mark.parametrize("words", [("--size", "0"), ("--size", "3"), ("--port", "0"), ("--port", "70000")])
def test_impossible_wishes_are_refused_before_anything_is_made(tmp_path: Path, words: tuple[str, str]) -> None:
    folder = tmp_path / "data"
    assert quanheng("demo", "--no-serve", *words, "--data-dir", folder).returncode == 2
    assert not folder.exists()


def test_a_second_build_of_the_same_folder_is_refused_while_the_first_goes_on(tmp_path: Path) -> None:
    place = tmp_path / ".data.demo-building"
    place.mkdir()
    (place / "quanheng.sqlite3").write_bytes(b"half a database")
    held = os.open(place, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        refused = quanheng("demo", "--no-serve", "--data-dir", tmp_path / "data")
    finally:
        os.close(held)
    assert (refused.returncode, refused.stderr.split(":")[0]) == (2, "building")
    assert str(tmp_path / "data") in refused.stderr
    assert (place / "quanheng.sqlite3").read_bytes() == b"half a database"
    assert not (tmp_path / "data").exists()


def test_the_help_explains_every_option() -> None:
    parser = argparse.ArgumentParser(prog="quanheng demo")
    demo.configure(parser)
    assert [a.dest for a in parser._actions if not a.help] == []
    shown = quanheng("demo", "--help")
    assert shown.returncode == 0
    for word in ("--data-dir", "--size", "--code", "demo.json", ".demo-building", "QUANHENG_DATABASE_URL"):
        assert word in shown.stdout


def test_the_embedded_database_is_required(tmp_path: Path) -> None:
    refused = quanheng(
        "demo", "--no-serve", "--data-dir", tmp_path / "data", QUANHENG_DATABASE_URL="postgresql://x@127.0.0.1/none"
    )
    assert (refused.returncode, refused.stderr.split(":")[0]) == (2, "usage")


def test_the_chain_of_the_sample_holds_today(demo_folder: Path) -> None:
    sample = described(demo_folder)["samples"]
    proof = quanheng("trace", "prove", sample["instrument"], "--json", "--data-dir", demo_folder)
    answer = json.loads(proof.stdout)
    assert (proof.returncode, answer["holds"], answer["broken"]) == (0, True, None)
    assert {link["basis"] for link in answer["chain"]} == {"proven", "declared"}
    assert quanheng("trace", "prove", sample["standard"], "--data-dir", demo_folder).returncode == 0


def test_one_branch_ends_abroad_and_is_proven(demo_folder: Path) -> None:
    answer = json.loads(quanheng("trace", "prove", "HC-C2", "--json", "--data-dir", demo_folder).stdout)
    assert (answer["holds"], answer["proven"]) == (True, True)


def test_only_what_was_broken_on_purpose_is_broken(demo_folder: Path) -> None:
    codes = json.loads(quanheng("trace", "audit", "--json", "--data-dir", demo_folder).stdout)["codes"]
    assert set(codes) <= {"no_certificate", "expired", "condemned", "revoked"}
    assert {"expired", "condemned"} <= set(codes)


def test_everything_is_in_order_afterwards(demo_folder: Path) -> None:
    number = described(demo_folder)["samples"]["certificate"]
    assert quanheng("ledger", "fsck", "--data-dir", demo_folder).returncode == 0
    assert quanheng("procedure", "replay", number, "--data-dir", demo_folder).returncode == 0
    doctor = quanheng("doctor", "--json", "--data-dir", demo_folder)
    assert (doctor.returncode, {f["level"] for f in json.loads(doctor.stdout)}) == (0, {"ok"})


def test_a_certificate_of_the_demo_is_proven_to_a_stranger(demo_folder: Path, tmp_path: Path) -> None:
    number = described(demo_folder)["samples"]["certificate"]
    out = quanheng("certificate", "export", number, "--out", tmp_path, "--data-dir", demo_folder)
    assert out.returncode == 0, out.stderr
    assert {p.suffix for p in tmp_path.iterdir()} == {".xml", ".pdf", ".json"}


def test_code_prints_what_the_authenticator_shows(demo_folder: Path) -> None:
    secret = next(x["totp"] for x in described(demo_folder)["logins"] if x["user"] == "signatory")
    shown = quanheng("demo", "--code", "signatory", "--data-dir", demo_folder).stdout.strip()
    now = clock.now()
    assert shown in {code_of(secret, now - dt.timedelta(seconds=30 * n)) for n in range(4)}
    assert quanheng("demo", "--code", "verifier", "--data-dir", demo_folder).returncode == 2
