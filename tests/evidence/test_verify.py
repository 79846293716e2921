"""quanheng-verify: proves what is true, refuses every altered byte, opens no socket, never shows a traceback."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.evidence.bundle import Bundle, Replay, make_bundle, write_bundle
from quanheng.evidence.content import load
from quanheng.evidence.issuing import issue_bytes
from quanheng.evidence.ledger import (
    Log,
    Signer,
    fsck,
    leaf,
    leaf_hash,
    load_signer,
    open_checkpoint,
    salted_sha256,
    write_status,
)
from quanheng.evidence.ledger.note import COSIGNATURE
from quanheng.evidence.ledger.rotation import retired, rotate_key
from quanheng.evidence.signing.authority import Authority
from quanheng.evidence.verify import Keys, main, read_keys, verify_file, write_keys
from quanheng.evidence.verify.changed import where
from quanheng.evidence.verify.words import WORDS
from tests.evidence.sample_content import make_data

AT = dt.datetime(2026, 10, 12, 2, 0, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(days=30)


@dataclass
class Case:
    folder: Path
    bundle: Bundle
    keys: Keys
    signer: Signer
    log: Log

    def file(self, suffix: str) -> str:
        return str(self.folder / f"certificate{suffix}")


@pytest.fixture(scope="module")
def case(tmp_path_factory) -> Case:
    """One certificate on its whole way, as the product issues it."""
    folder = tmp_path_factory.mktemp("case")
    authority = Authority.create(folder / "ca", "Test root", at=AT - dt.timedelta(days=10))
    seal = authority.issue_seal(folder / "seal", "临州市计量测试所", at=AT - dt.timedelta(days=5))
    xml, pdf = issue_bytes(load(make_data()), seal, AT)
    signer = Signer.generate("log.example")
    log = Log(folder / "log", signer)
    log.append([leaf("draw_committed", salted_sha256(b"x", bytes(32)), None, None, AT)] * 5)
    entry = leaf("certificate_issued", hashlib.sha256(xml).hexdigest(), hashlib.sha256(pdf).hexdigest(), None, AT)
    index = log.ensure(entry)
    bundle = make_bundle(
        xml=xml,
        pdf=pdf,
        leaf=entry,
        index=index,
        proof=log.inclusion_proof(index),
        checkpoint=log.checkpoint(),
        status=write_status(signer, leaf_hash(entry), "issued", LATER),
    )
    keys = Keys((authority.certificate,), (signer.verifier,))
    made = Case(folder, bundle, keys, signer, log)
    Path(made.file(".xml")).write_bytes(xml)
    Path(made.file(".pdf")).write_bytes(pdf)
    Path(made.file(".bundle.json")).write_bytes(write_bundle(bundle))
    Path(made.file(".keys")).write_text(write_keys(keys), encoding="utf-8")
    return made


def answer(capsysbinary, *argv: str) -> tuple[int, dict]:
    code = main([*argv, "--json", "--lang", "en"])
    return code, json.loads(capsysbinary.readouterr().out)


def codes(statements) -> set[str]:
    return {item["code"] if isinstance(item, dict) else item.code for item in statements}


@pytest.mark.parametrize("suffix", [".xml", ".pdf"])
def test_an_issued_certificate_is_proven(case, capsysbinary, suffix):
    code, said = answer(
        capsysbinary, case.file(suffix), "--bundle", case.file(".bundle.json"), "--keys", case.file(".keys")
    )
    assert (code, said["result"], said["problems"]) == (0, "proven", [])
    assert {"bytes_logged", "in_log", "status", "xml_signature"} <= codes(said["proven"])
    assert ("pdf_signature" in codes(said["proven"])) == (suffix == ".pdf")
    assert {"number", "issuer", "issued_on", "standard"} <= {item.get("name") for item in said["claimed"]}
    assert {"revocation_after", "time", "one_view"} <= codes(said["unchecked"])


def test_why_a_changed_file_is_refused_is_said_in_chinese_to_a_reader_of_chinese(case):
    xml, pdf = Path(case.file(".xml")).read_bytes(), bytearray(Path(case.file(".pdf")).read_bytes())
    pdf[len(pdf) // 2] ^= 1
    for changed in (xml.replace("惠民".encode(), "惠氏".encode()), bytes(pdf)):
        assert changed != xml
        outcome = verify_file(changed, None, case.keys)
        (said,) = [s.text("zh") for s in outcome.contradictions if "signature_bad" in s.code]
        assert "不符" in said
        assert "signature" not in said


def test_a_bundle_alone_proves_both_documents(case, capsysbinary):
    code, said = answer(capsysbinary, case.file(".bundle.json"), "--keys", case.file(".keys"))
    assert (code, said["result"]) == (0, "proven")
    assert {item["file"] for item in said["proven"] if item["code"] == "bytes_logged"} == {"XML", "PDF"}
    assert "pdf_attachment" in codes(said["proven"])


@pytest.mark.parametrize("suffix", [".xml", ".pdf", ".bundle.json"])
def test_without_keys_nothing_is_proven(case, capsysbinary, suffix):
    more = [] if suffix == ".bundle.json" else ["--bundle", case.file(".bundle.json")]
    code, said = answer(capsysbinary, case.file(suffix), *more)
    assert (code, said["result"], said["proven"]) == (1, "not_proven", [])


def test_why_a_signature_proves_nothing_is_said_in_the_language_asked_for(case, capsysbinary):
    for lang, word in (("zh", "追不到您给出的信任根"), ("en", "does not lead to a trust anchor")):
        main([case.file(".xml"), "--lang", lang])
        assert word in capsysbinary.readouterr().out.decode()
    main([case.file(".xml"), "--lang", "zh"])
    assert "trust anchor" not in capsysbinary.readouterr().out.decode()


def test_without_a_bundle_the_signature_alone_does_not_suffice(case):
    outcome = verify_file(case.bundle.xml, None, case.keys)
    assert outcome.result == "not_proven"
    assert "no_bundle" in codes(outcome.gaps)
    assert "revocation_unknown" in codes(outcome.unchecked)


@pytest.mark.parametrize("suffix", [".xml", ".pdf"])
def test_every_altered_copy_is_refused(case, tmp_path, capsys, suffix):
    raw, rng = Path(case.file(suffix)).read_bytes(), random.Random(11)
    changed = tmp_path / f"changed{suffix}"
    for at in [0, 1, len(raw) - 1, *(rng.randrange(len(raw)) for _ in range(60))]:
        changed.write_bytes(raw[:at] + bytes([(raw[at] + 1 + rng.randrange(254)) % 256]) + raw[at + 1 :])
        assert main([str(changed), "--bundle", case.file(".bundle.json"), "--keys", case.file(".keys")]) in (1, 2)
        assert "Traceback" not in capsys.readouterr().err
    for cut in (b"", raw[:-1], raw + b"\n", raw + raw):
        changed.write_bytes(cut)
        assert main([str(changed), "--bundle", case.file(".bundle.json"), "--keys", case.file(".keys")]) in (1, 2)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 1 << 40), shift=st.integers(1, 255))
def test_no_altered_bundle_proves_anything(case, at, shift):
    raw = bytearray(write_bundle(replace(case.bundle, pdf=b"")))
    raw[at % len(raw)] = (raw[at % len(raw)] + shift) % 256
    try:
        outcome = verify_file(bytes(raw), None, case.keys)
    except InputError:
        return
    assert outcome.result != "proven"


def altered(case, **changes):
    return verify_file(case.bundle.xml, replace(case.bundle, **changes), case.keys)


def test_each_forged_part_of_the_proof_is_named(case):
    proof, other = case.bundle.proof, Signer.generate("log.example")
    body = case.bundle.checkpoint.split("\n\n")[0] + "\n"
    moved = case.signer.sign(body.replace("\n6\n", "\n7\n"))
    assert codes(altered(case, index=3).contradictions) == {"not_in_log"}
    assert codes(altered(case, proof=proof[:-1]).contradictions) == {"not_in_log"}
    assert codes(altered(case, proof=(bytes(32), *proof[1:])).contradictions) == {"not_in_log"}
    assert codes(altered(case, checkpoint=moved).contradictions) == {"not_in_log"}
    assert codes(altered(case, checkpoint=body + "\n" + "— log.example AAAA\n").contradictions) == {"checkpoint_bad"}
    assert codes(altered(case, checkpoint=other.sign(body)).gaps) == {"checkpoint_untrusted"}
    assert codes(altered(case, pdf=b"%PDF-1.7").contradictions) == {"bundle_copy_differs"}
    strange = Replay(b"another record", b"another procedure")
    assert codes(altered(case, replay=strange).contradictions) == {"replay_differs"}


def make_status(case, state, *, signer=None, at=LATER, of=None, void=None):
    return write_status(signer or case.signer, of or leaf_hash(case.bundle.leaf), state, at, void)


def test_a_revoked_or_replaced_certificate_is_not_called_proven(case):
    revoked = altered(case, status=make_status(case, "revoked", void=dt.date(2026, 11, 1)))
    assert (revoked.result, codes(revoked.gaps)) == ("not_proven", {"revoked"})
    assert "2026-11-01" in revoked.gaps[0].text("zh")
    replaced = altered(case, status=make_status(case, "replaced"))
    assert (replaced.result, codes(replaced.gaps)) == ("not_proven", {"replaced"})


def test_a_status_of_something_else_is_refused(case):
    stranger = Signer.generate("other.example")
    assert codes(altered(case, status=make_status(case, "issued", of=bytes(32))).contradictions) == {"status_other"}
    assert codes(altered(case, status=make_status(case, "issued", signer=stranger)).gaps) == {"status_untrusted"}
    before = make_status(case, "issued", at=AT - dt.timedelta(days=1))
    assert codes(altered(case, status=before).contradictions) == {"status_bad"}
    both = Keys(case.keys.anchors, (*case.keys.verifiers, stranger.verifier))
    bundle = replace(case.bundle, status=make_status(case, "issued", signer=stranger))
    assert codes(verify_file(case.bundle.xml, bundle, both).contradictions) == {"status_other"}


def test_a_witness_closes_the_question_of_one_view(case):
    witness = Signer.generate("witness.example", COSIGNATURE)
    bundle = replace(case.bundle, checkpoint=witness.cosign(case.bundle.checkpoint, 1_800_000_000))
    keys = Keys(case.keys.anchors, (*case.keys.verifiers, witness.verifier))
    outcome = verify_file(case.bundle.xml, bundle, keys)
    assert outcome.result == "proven"
    assert "witnessed" in codes(outcome.proven)
    assert "one_view" not in codes(outcome.unchecked)
    assert "one_view" in codes(verify_file(case.bundle.xml, bundle, case.keys).unchecked)


def test_witnesses_are_demanded_by_keys_or_by_the_option(case, tmp_path, capsysbinary):
    one, two = (Signer.generate(f"{name}.example", COSIGNATURE) for name in ("one", "two"))
    bundle = tmp_path / "cosigned.bundle.json"
    bundle.write_bytes(write_bundle(replace(case.bundle, checkpoint=one.cosign(case.bundle.checkpoint, 1_800_000_000))))
    keys = tmp_path / "KEYS"

    def asked(lines: str, *argv: str) -> tuple[str, set[str]]:
        keys.write_text(write_keys(case.keys) + lines)
        _, said = answer(capsysbinary, str(bundle), "--keys", str(keys), *argv)
        return said["result"], codes(said["problems"])

    both = f"witness a {one.verifier.line}\nwitness b {two.verifier.line}\n"
    assert asked(both) == ("proven", set())
    assert asked(f"{both}group g any a b\nquorum g\n") == ("proven", set())
    assert asked(f"{both}group g all a b\nquorum g\n") == ("not_proven", {"not_witnessed"})
    assert asked(both, "--witness", "any") == ("proven", set())
    assert asked(both, "--witness", "2") == ("not_proven", {"not_witnessed"})
    assert main([str(bundle), "--keys", str(keys), "--witness", "3"]) == 2


def test_an_entry_that_a_witness_saw_before_it_says_it_was_made_is_a_lie(case):
    witness = Signer.generate("witness.example", COSIGNATURE)
    early = int((AT - dt.timedelta(days=1)).timestamp())
    bundle = replace(case.bundle, checkpoint=witness.cosign(case.bundle.checkpoint, early))
    keys = Keys(case.keys.anchors, (*case.keys.verifiers, witness.verifier))
    outcome = verify_file(case.bundle.xml, bundle, keys)
    assert (outcome.result, codes(outcome.contradictions)) == ("tampered", {"seen_before_made"})


def test_a_bundle_of_before_a_change_of_keys_is_proven_with_the_keys_of_after(case, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(case.folder / "log", folder / "log")
    (folder / "keys").mkdir()
    (folder / "keys" / "log.ed25519").write_text(case.signer.private_line + "\n")
    old, new = rotate_key(folder / "log", folder / "keys")
    head = open_checkpoint((folder / "log" / "checkpoint").read_text(), [old])  # who knows only the old key sees it
    assert head.size == case.log.size
    signer = load_signer(folder / "keys" / "log.ed25519")
    log = Log(folder / "log", signer, verifiers=retired(folder / "keys"))
    log.append([leaf("draw_committed", salted_sha256(b"y", bytes(32)), None, None, AT)])
    assert (signer.verifier, fsck(folder / "log", [old, new]).sound) == (new, True)
    after = Keys(case.keys.anchors, (new, *retired(folder / "keys")))
    assert verify_file(case.bundle.xml, case.bundle, after).result == "proven"
    status = write_status(signer, leaf_hash(case.bundle.leaf), "issued", LATER)
    fresh = replace(
        case.bundle, checkpoint=log.checkpoint(), proof=tuple(log.inclusion_proof(case.bundle.index)), status=status
    )
    assert verify_file(case.bundle.xml, fresh, after).result == "proven"
    assert verify_file(case.bundle.xml, fresh, case.keys).result == "not_proven"
    assert (folder / "keys" / "log.ed25519").stat().st_mode & 0o777 == 0o600
    assert case.signer.private_line not in "".join(p.read_text() for p in folder.rglob("keys/**/*") if p.is_file())


def test_another_trust_anchor_leaves_the_signature_unproven(case, tmp_path):
    stranger = Authority.create(tmp_path, "Stranger", at=AT - dt.timedelta(days=10))
    outcome = verify_file(case.bundle.xml, case.bundle, Keys((stranger.certificate,), case.keys.verifiers))
    assert (outcome.result, codes(outcome.gaps)) == ("not_proven", {"xml_signature_unproven"})


def test_a_leaf_that_revokes_or_draws_proves_no_certificate(case):
    for kind, code in [("certificate_revoked", "revoked_leaf"), ("draw_committed", None)]:
        certificate = kind.startswith("certificate")
        xml, pdf = case.bundle.xml_sha256, case.bundle.pdf_sha256 if certificate else None
        entry = leaf(kind, xml, pdf, "a" * 64, AT)
        index = case.log.ensure(entry)
        bundle = replace(
            case.bundle,
            leaf=entry,
            index=index,
            proof=tuple(case.log.inclusion_proof(index)),
            checkpoint=case.log.checkpoint(),
            status=make_status(case, "issued", of=leaf_hash(entry)),
        )
        outcome = verify_file(case.bundle.xml, bundle, case.keys)
        assert outcome.result != "proven"
        assert code is None or code in codes(outcome.gaps)


def test_the_words_come_in_both_languages(case, capsysbinary):
    arguments = [case.file(".pdf"), "--bundle", case.file(".bundle.json"), "--keys", case.file(".keys")]
    assert main([*arguments, "--lang", "zh"]) == 0
    assert "已证明" in capsysbinary.readouterr().out.decode()
    assert main([*arguments, "--lang", "en"]) == 0
    text = capsysbinary.readouterr().out.decode()
    assert all(word in text for word in ("PROVEN", "Only claimed", "Not checked", "revoked after"))
    for chinese, english in WORDS.values():
        assert set(_fields(chinese)) == set(_fields(english))


def _fields(template: str) -> list[str]:
    return [part.split("}")[0] for part in template.split("{")[1:]]


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"<", b"<a><b></a>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"%PDF-1.7",
     b"%PDF-1.7\n" + b"\0" * 99, b"{", b"{}", b"\xff\xfe<\0a\0", b"<a>" * 5000],
)  # fmt: skip
def test_hostile_files_end_in_one_line(case, tmp_path, capsys, data):
    path = tmp_path / "file"
    path.write_bytes(data)
    for more in ([], ["--keys", case.file(".keys")]):
        code = main([str(path), *more])
        captured = capsys.readouterr()
        assert code in (1, 2)
        assert code == 1 or len(captured.err.splitlines()) == 1
        assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    "text",
    ["nonsense", "name+00000000+AAAA", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\udcff"],
)
def test_unreadable_keys_are_refused_and_not_skipped(case, tmp_path, text, capsys):
    path = tmp_path / "keys"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert main([case.file(".xml"), "--keys", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_keys_round_trip_with_comments(case):
    text = "# trust of the region\n\n" + write_keys(case.keys)
    assert read_keys(text.encode()) == case.keys


@pytest.mark.parametrize("argv", [[], ["--nonsense"], ["/no/such/file"], ["/"], ["a", "b"]])
def test_wrong_usage_is_one_line(argv, capsys):
    assert main(argv) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_terminal_codes_in_a_certificate_are_not_printed():
    from quanheng.evidence.verify.words import Statement

    text = Statement("claim", {"name": "number", "value": "1\x1b[2J\n2" + "x" * 999}).text("en")
    assert "\x1b" not in text
    assert len(text) < 250


WATCHED = """
import sys
def watch(event, args):
    if event.startswith("socket."):
        raise RuntimeError(event)
sys.addaudithook(watch)
from quanheng.evidence.verify import main
code = main(sys.argv[1:])
assert not any(name.split(".")[0] == "django" for name in sys.modules), "Django was imported"
sys.exit(code)
"""


@pytest.mark.parametrize("suffix", [".xml", ".pdf"])
def test_no_socket_is_opened_and_no_django_imported(case, suffix):
    files = [case.file(suffix), "--bundle", case.file(".bundle.json"), "--keys", case.file(".keys")]
    done = subprocess.run([sys.executable, "-c", WATCHED, *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_base64_of_the_bundle_has_one_spelling(case):
    record = json.loads(write_bundle(case.bundle))
    assert base64.b64decode(record["xml"]) == case.bundle.xml
    record["leaf"] = record["leaf"] + "\n"
    with pytest.raises(InputError):
        verify_file(json.dumps(record).encode(), None, case.keys)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_where_a_changed_file_differs_is_said(case, lang):
    xml = case.bundle.xml
    changed = xml.replace("惠民".encode(), "惠氏".encode(), 1)
    outcome = verify_file(changed, case.bundle, case.keys)
    told = next(s for s in outcome.contradictions if s.code == "changed_text")
    at = xml.index("惠民".encode()) + len("惠".encode())
    first = next(i for i in range(at, at + 3) if changed[i] != xml[i])
    assert told.values["first"] == str(first + 1)
    assert told.values["line"] == str(xml[:first].count(b"\n") + 1)
    assert told.values["element"] == "dcc:content"
    assert "惠民" in told.text(lang)
    assert "惠氏" in told.text(lang)


@pytest.mark.parametrize("cut", [b"", b"x"])
def test_where_a_changed_pdf_differs_is_said_in_bytes(case, cut):
    pdf = case.bundle.pdf
    changed = bytearray(pdf)
    changed[1000] ^= 1
    changed[3000] ^= 1
    outcome = verify_file(bytes(changed) + cut, case.bundle, case.keys)
    told = next(s for s in outcome.contradictions if s.code == "changed_bytes")
    assert told.values["first"] == "1001"
    assert told.values["last"] == (str(len(pdf) + 1) if cut else "3001")


@settings(max_examples=200, deadline=None)
@given(
    before=st.binary(max_size=80), gone=st.binary(max_size=20), new=st.binary(max_size=20), after=st.binary(max_size=80)
)
def test_any_change_is_placed_without_failing(before, gone, new, after):
    logged, given_ = before + gone + after, before + new + after
    if logged != given_:
        for name in ("XML", "PDF"):
            _code, values = where(name, given_, logged)
            first = int(values["first"]) - 1
            assert given_[:first] == logged[:first]
            assert given_[first : first + 1] != logged[first : first + 1]


def test_a_zip_is_refused_with_the_remedy(case, tmp_path, capsys):
    pack = tmp_path / "many.zip"
    pack.write_bytes(b"PK\x03\x04" + bytes(100))
    assert main([str(pack), "--keys", case.file(".keys"), "--lang", "zh"]) == 2
    assert "请先解压" in capsys.readouterr().err
