"""quanheng ledger: reads the log's files alone, and says what does not hold."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from quanheng.cli.main import main
from quanheng.evidence.ledger import Log, leaf, load_or_create_signer, open_checkpoint
from tests.evidence.ledger import oracle

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.fixture
def data(tmp_path):
    """A data folder whose log holds twenty certificates; number 7 is that of certificate.pdf."""
    signer = load_or_create_signer(tmp_path / "keys" / "log.ed25519", "log.example")
    log = Log(tmp_path / "log", signer)
    (tmp_path / "certificate.pdf").write_bytes(b"%PDF certificate 7")
    log.append([make_leaf(n) for n in range(10)])
    (tmp_path / "kept").write_text(log.checkpoint(), encoding="utf-8")
    log.append([make_leaf(n) for n in range(10, 20)])
    return tmp_path


def make_leaf(number: int) -> bytes:
    pdf = hashlib.sha256(b"%%PDF certificate %d" % number).hexdigest()
    return leaf("certificate_issued", hashlib.sha256(b"%d" % number).hexdigest(), pdf, None, AT)


def call(capsys, data, *argv):
    code = main(["ledger", *map(str, argv), "--data-dir", str(data)])
    return code, capsys.readouterr()


def test_the_checkpoint_is_printed_as_published(data, capsys):
    code, said = call(capsys, data, "checkpoint")
    assert (code, said.out) == (0, (data / "log" / "checkpoint").read_text())


@pytest.mark.parametrize("by", ["index", "file", "hash"])
def test_a_printed_proof_holds_for_the_second_implementation(data, capsys, by):
    leaf_hash = hashlib.sha256(b"\x00" + make_leaf(7)).hexdigest()
    entry = {"index": 7, "file": data / "certificate.pdf", "hash": leaf_hash}[by]
    code, said = call(capsys, data, "prove", entry, "--json")
    answer = json.loads(said.out)
    assert (code, answer["index"], answer["leaf_hash"]) == (0, 7, leaf_hash)
    key = load_or_create_signer(data / "keys" / "log.ed25519", "").verifier
    head = open_checkpoint(answer["checkpoint"], [key])
    path = [base64.b64decode(item) for item in answer["proof"]]
    assert oracle.inclusion_holds(7, head.size, bytes.fromhex(leaf_hash), path, head.root)


def test_the_log_continues_a_checkpoint_that_was_kept(data, capsys):
    assert call(capsys, data, "verify", data / "kept")[0] == 0


def test_another_history_does_not_continue_it(data, capsys):
    for name in ("checkpoint", "tile", ".local"):
        (data / "log" / name).rename(data / name)
    signer = load_or_create_signer(data / "keys" / "log.ed25519", "log.example")
    Log(data / "log", signer).append([make_leaf(n) for n in range(30, 60)])
    assert call(capsys, data, "verify")[0] == 0
    code, said = call(capsys, data, "verify", data / "kept", "--json")
    assert (code, json.loads(said.out)["ok"]) == (1, False)
    code, said = call(capsys, data, "fsck", "--trusted", data / "kept", "--json")
    assert (code, json.loads(said.out)["findings"][0]["code"]) == (1, "split_view")


def test_fsck_names_the_damaged_file(data, capsys):
    assert call(capsys, data, "fsck")[0] == 0
    path = data / "log" / "tile" / "0" / "000.p" / "20"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    code, said = call(capsys, data, "fsck")
    assert code == 1
    assert "tile/0/000.p/20" in said.out
    assert "Entry 19" in said.out


def test_a_forged_checkpoint_is_refused(data, capsys):
    path = data / "log" / "checkpoint"
    path.write_text(path.read_text().replace("\n20\n", "\n19\n"))
    assert call(capsys, data, "verify")[0] == 1
    assert call(capsys, data, "fsck")[0] == 1
    assert call(capsys, data, "checkpoint")[0] == 2


@pytest.mark.parametrize("argv", [["prove", "99"], ["prove", "nothing"], ["prove"], [], ["verify", "/no/such"]])
def test_wrong_usage_is_one_line(data, capsys, argv):
    code, said = call(capsys, data, *argv)
    assert code == 2
    assert len(said.err.splitlines()) == 1


def test_a_folder_without_a_log_is_named(tmp_path, capsys):
    code, said = call(capsys, tmp_path, "fsck")
    assert (code, said.err.split(":")[0]) == (2, "no_log")


def test_a_witness_is_told_when_a_file_names_no_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = ["--state", str(tmp_path / "w")]
    assert main(["ledger", "witness", "init", "--name", "n.example/w", *state]) == 0
    (tmp_path / "KEYS").write_text("# no log in here\n")
    capsys.readouterr()
    assert main(["ledger", "witness", "watch", str(tmp_path / "KEYS"), *state]) == 2
    assert capsys.readouterr().err.startswith("no_log_key: ")


@pytest.fixture
def mirror(data, tmp_path):
    """The static files alone, as a stranger's web server holds them, and the same under an address."""
    folder = tmp_path / "mirror"
    shutil.copytree(data / "log", folder, ignore=shutil.ignore_patterns(".local"))
    (tmp_path / "KEYS").write_text(load_or_create_signer(data / "keys" / "log.ed25519", "").verifier.line)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args):
        pass


@pytest.mark.parametrize("where", [0, 1], ids=["folder", "address"])
def test_a_mirror_is_checked_from_its_files_alone(mirror, tmp_path, capsys, where):
    ask = ["ledger", "fsck", "--source", str(mirror[where]), "--keys", str(tmp_path / "KEYS"), "--json"]
    assert main([*ask, "--trusted", str(tmp_path / "kept")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["size"], said["signature"]) == (True, 20, True)
    entries = next((mirror[0] / "tile" / "entries").rglob("20"))
    spoiled = bytearray(entries.read_bytes())
    spoiled[-3] ^= 1
    entries.write_bytes(spoiled)
    assert main(ask) == 1
    assert {f["code"] for f in json.loads(capsys.readouterr().out)["findings"]} >= {"altered", "root"}


def test_a_mirror_that_is_not_there_is_refused_in_one_line(tmp_path, capsys):
    for source in (str(tmp_path / "none"), "http://127.0.0.1:9/"):
        assert main(["ledger", "fsck", "--source", source]) == 2
        assert capsys.readouterr().err.count("\n") == 1
