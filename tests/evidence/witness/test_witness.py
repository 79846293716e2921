"""A neighbour's witness: it cosigns growth and refuses split views, truncation, reordering, replay and back-dating."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import shutil
import threading
import urllib.error
import urllib.request

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.evidence.ledger import Log, Signer, leaf, load_or_create_signer, open_checkpoint
from quanheng.evidence.ledger.note import COSIGNATURE, split
from quanheng.evidence.ledger.tiles import Folder
from quanheng.evidence.witness import Doubtful, Refusal, Witness, collect, cosigned, keep
from quanheng.evidence.witness.server import make_server

DAY = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
NOW = int((DAY + dt.timedelta(hours=1)).timestamp())
ORIGIN = "log.example"


def make_leaf(number: int, at: dt.datetime = DAY) -> bytes:
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    return leaf("certificate_issued", digest, digest, None, at)


class Case:
    """A log of 20 entries, a second key that rotates in, and a witness that saw the first 12."""

    def __init__(self, folder):
        self.folder, self.signer = folder, load_or_create_signer(folder / "keys" / "log.ed25519", ORIGIN)
        self.log = Log(folder / "log", self.signer)
        self.witness = Witness.create(folder / "witness", "neighbour.example/witness")
        self.witness.watch([self.signer.verifier])
        self.log.append([make_leaf(n) for n in range(12)])
        self.first = self.visit(self.log)
        self.log.append([make_leaf(n, DAY + dt.timedelta(hours=1)) for n in range(12, 20)])

    def visit(self, log, now=NOW, **more):
        return self.witness.visit(Folder(log.directory), now, **more)

    def rival(self, leaves) -> Log:
        """What the same operator shows somebody else."""
        log = Log(self.folder / "rival", self.signer)
        log.append(leaves)
        return log


@pytest.fixture
def case(tmp_path):
    return Case(tmp_path)


def refused(case, log, **more) -> str:
    before = case.witness.seen(ORIGIN)
    with pytest.raises(Refusal) as caught:
        case.visit(log, **more)
    assert case.witness.seen(ORIGIN) == before
    return caught.value.code


def test_growth_is_cosigned_and_the_line_verifies_as_the_specification_says(case):
    seen = case.visit(case.log, NOW + 60)
    text, signatures = split(seen.note)
    name, blob = signatures[-1]
    assert (name, text) == ("neighbour.example/witness", split(case.log.checkpoint())[0])
    key = case.witness.signer.verifier
    assert blob[:4] == hashlib.sha256(name.encode() + b"\n\x04" + key.public).digest()[:4]
    assert int.from_bytes(blob[4:12], "big") == NOW + 60
    message = f"cosignature/v1\ntime {NOW + 60}\n{text}".encode()
    Ed25519PublicKey.from_public_bytes(key.public).verify(blob[12:], message)
    head = open_checkpoint(seen.note, [case.signer.verifier, key])
    assert (head.size, head.witnessed_at) == (20, dt.datetime.fromtimestamp(NOW + 60, dt.UTC))


def test_a_split_view_is_refused_at_the_same_size_and_beyond(case):
    other = [make_leaf(n) for n in [*range(11), 99]]
    assert refused(case, case.rival(other)) == "split_view"
    Log(case.folder / "rival", case.signer).append([make_leaf(n) for n in range(200, 205)])
    assert refused(case, case.rival([])) == "inconsistent"


def test_a_truncated_log_is_refused(case):
    assert refused(case, case.rival([make_leaf(n) for n in range(5)])) == "truncated"


def test_reordered_entries_are_refused(case):
    order = [1, 0, *range(2, 20)]
    assert refused(case, case.rival([make_leaf(n) for n in order])) == "inconsistent"


def test_an_old_checkpoint_played_back_is_refused(case):
    old = case.log.checkpoint()
    case.log.append([make_leaf(50, DAY + dt.timedelta(hours=1))])
    case.visit(case.log)
    with pytest.raises(Refusal) as caught:
        case.witness.add(old, 12, [], NOW)
    assert (caught.value.code, caught.value.status, caught.value.message) == ("conflict", 409, "21")


def test_a_back_dated_entry_is_named_before_anything_is_signed(case):
    case.log.append([make_leaf(60, DAY - dt.timedelta(days=30)), make_leaf(61, DAY + dt.timedelta(days=300))])
    with pytest.raises(Doubtful) as caught:
        case.visit(case.log)
    assert [(d.index, d.code) for d in caught.value.doubts] == [(20, "back_dated"), (21, "future")]
    assert case.witness.seen(ORIGIN).head.size == 12
    assert case.visit(case.log, look=False).head.size == 22


def test_an_entry_that_is_no_leaf_or_not_the_one_in_the_tree_is_named(case):
    case.log.append([b"not a leaf"])
    path = case.log.directory / "tile" / "entries" / "000.p" / "21"
    path.write_bytes(path.read_bytes().replace(make_leaf(13, DAY + dt.timedelta(hours=1)), make_leaf(14, DAY)))
    with pytest.raises(Doubtful) as caught:
        case.visit(case.log)
    assert [(d.index, d.code) for d in caught.value.doubts] == [(13, "altered"), (20, "leaf")]


def test_tiles_that_do_not_lead_to_the_signed_root_are_refused(case):
    for path in (case.log.directory / "tile" / "0").rglob("20"):
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert refused(case, case.log) == "inconsistent"


def test_a_log_that_is_not_watched_or_not_signed_by_its_key_is_refused(case):
    stranger = Log(case.folder / "stranger", Signer.generate("stranger.example"))
    stranger.append([make_leaf(1)])
    assert refused(case, stranger) == "unknown_log"
    forged = Log(case.folder / "forged", Signer.generate(ORIGIN))
    forged.append([make_leaf(1)])
    assert refused(case, forged) == "signature"


def test_what_was_seen_survives_and_damage_to_it_is_not_a_fresh_start(case):
    again = Witness(case.folder / "witness")
    assert again.seen(ORIGIN) == case.first
    (path,) = (case.folder / "witness" / "seen").iterdir()
    path.write_text(path.read_text().replace("\n12\n", "\n11\n"))
    with pytest.raises(InputError):
        again.visit(Folder(case.log.directory), NOW)


def test_a_witness_never_signs_two_roots_of_one_size_when_asked_at_once(case):
    rival = case.rival([make_leaf(n) for n in range(12)])
    rival.append([make_leaf(n, DAY + dt.timedelta(hours=1)) for n in range(300, 308)])
    outcomes: list[str] = []

    def ask(log):
        try:
            outcomes.append(Witness(case.folder / "witness").visit(Folder(log.directory), NOW).head.root.hex())
        except Refusal as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=ask, args=(log,)) for log in (case.log, rival) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    roots = {said for said in outcomes if len(said) == 64}
    assert len(outcomes) == 6
    assert len(roots) == 1
    assert set(outcomes) - roots == {"split_view"}


@pytest.fixture
def server(case):
    made = make_server(case.witness, "127.0.0.1", 0, clock=lambda: NOW + 5)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


def post(url: str, body: bytes):
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/add-checkpoint", body), timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def request(case, old: int, proof=None) -> bytes:
    lines = case.log.consistency_proof(old) if proof is None else proof
    return (f"old {old}\n" + "".join(f"{base64.b64encode(h).decode()}\n" for h in lines) + "\n").encode() + (
        case.log.checkpoint().encode()
    )


def test_the_http_protocol_answers_each_case_with_its_status(case, server):
    assert post(server, request(case, 0, [])) == (409, "text/x.tlog.size", "12\n")
    assert post(server, request(case, 12, [bytes(32)]))[0] == 422
    assert post(server, request(case, 21, []))[0] == 400
    assert post(server, b"old 012\n\n" + case.log.checkpoint().encode())[0] == 400
    assert post(server, b"\xff")[0] == 400
    assert post(server, request(case, 12).replace(b"log.example\n20", b"log.example\n21"))[0] == 403
    assert post(server, request(case, 12).replace(b"log.example\n", b"other.example\n"))[0] == 404
    status, _, line = post(server, request(case, 12))
    assert status == 200
    keys = [case.signer.verifier, case.witness.signer.verifier]
    assert open_checkpoint(case.log.checkpoint() + line, keys).stamps == ((keys[1], NOW + 5),)
    assert post(server, request(case, 12))[:3] == (409, "text/x.tlog.size", "20\n")
    assert post(server, request(case, 20))[0] == 200


def test_the_log_collects_and_keeps_what_its_witness_signed(case, server):
    key = case.witness.signer.verifier
    assert collect(case.log, server, key).size == 20  # the log does not know what the witness saw, and learns it
    assert cosigned(case.log, [key])[1].witnessed_at == dt.datetime.fromtimestamp(NOW + 5, dt.UTC)
    assert case.log.checkpoint() == (case.log.directory / "cosigned").read_text()
    case.log.append([make_leaf(70, DAY + dt.timedelta(hours=1))])
    assert open_checkpoint(case.log.checkpoint(), [case.signer.verifier, key]).stamps == ()
    assert cosigned(case.log, [key])[1].size == 20  # still there while nobody signed the newer one
    assert collect(case.log, server, key).size == 21


def test_lines_of_several_witnesses_are_joined(case):
    second = Signer.generate("second.example", COSIGNATURE)
    both = [case.witness.signer.verifier, second.verifier]
    keep(case.log, case.visit(case.log).note, both)
    head = keep(case.log, second.cosign(case.log.checkpoint(), NOW), both)
    assert {key for key, _ in head.stamps} == set(both)
    keep(case.log, case.first.note, both)  # an older one changes nothing
    assert cosigned(case.log, both)[1].size == 20


def test_a_cosigned_tree_that_the_log_never_had_is_an_alarm(case):
    rival = case.rival([make_leaf(n) for n in range(100, 110)])
    note = Signer.generate("x.example", COSIGNATURE)
    with pytest.raises(InputError) as caught:
        keep(case.log, note.cosign(rival.checkpoint(), NOW), [note.verifier])
    assert caught.value.code == "split_view"


def call(capsys, *argv):
    code = main(["ledger", *map(str, argv)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_commands_of_a_neighbour_work_from_end_to_end(case, tmp_path, capsys):
    state, keys = tmp_path / "w2", tmp_path / "KEYS"
    code, line, _ = call(capsys, "witness", "init", "--state", state, "--name", "county.example")
    assert code == 0
    keys.write_text(case.signer.verifier.line + "\n")
    assert call(capsys, "witness", "watch", keys, "--state", state)[0] == 0
    note = tmp_path / "cosigned"
    code, out, _ = call(capsys, "witness", "cosign", case.log.directory, "--state", state, "--out", note)
    assert (code, "20 entries" in out) == (0, True)
    (tmp_path / "keys" / "witnesses").write_text(f"witness county {line.strip()}\nquorum county\n")
    assert call(capsys, "collect", note, "--data-dir", tmp_path)[0] == 0
    keys.write_text(keys.read_text() + (tmp_path / "keys" / "witnesses").read_text())
    source = ["verify", "--source", case.log.directory, "--keys", keys, "--remember", tmp_path / "seen"]
    assert call(capsys, *source)[0] == 0
    assert (tmp_path / "seen").read_text() == case.log.checkpoint()
    shutil.rmtree(case.log.directory)
    Log(case.log.directory, case.signer).append([make_leaf(n) for n in range(3)])
    code, out, _ = call(capsys, *source, "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    assert "saw 20 entries" in out
    assert "no checkpoint cosigned" in out
    code, out, _ = call(capsys, "witness", "cosign", case.log.directory, "--state", state)
    assert (code, out.startswith("NOT COSIGNED, truncated")) == (1, True)
    code, out, _ = call(capsys, "witness", "show", "--state", state, "--json")
    assert json.loads(out)["logs"][0]["size"] == 20


@pytest.mark.parametrize(
    "argv",
    [
        ["witness", "show", "--state", "/nowhere"],
        ["witness", "cosign", "ftp://x", "--state", "STATE"],
        ["witness", "cosign", "http://127.0.0.1:1/log", "--state", "STATE"],
        ["witness", "cosign", "/nowhere", "--state", "STATE"],
        ["witness", "serve", "--listen", "here", "--state", "STATE"],
        ["witness", "watch", "/nowhere", "--state", "STATE"],
        ["witness", "init", "--name", "two words", "--state", "NEW"],
        ["collect", "--data-dir", "DATA"],
    ],
)
def test_wrong_usage_is_one_line(case, tmp_path, capsys, argv):
    places = {"STATE": tmp_path / "witness", "NEW": tmp_path / "new", "DATA": tmp_path}
    code, _, err = call(capsys, *(places.get(word, word) for word in argv))
    assert code == 2
    assert len(err.splitlines()) == 1
