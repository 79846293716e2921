"""Signed notes and checkpoints against the published examples."""

from __future__ import annotations

import base64
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.evidence.ledger import Signer, Verifier, load_or_create_signer, open_checkpoint, open_note
from quanheng.evidence.ledger.note import COSIGNATURE, load_signer

# the example of the C2SP signed-note text and the key pair of Go's sumdb/note tests
C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def code_of(action) -> str:
    with pytest.raises(InputError) as caught:
        action()
    return caught.value.code


def test_published_notes_open():
    assert open_note(C2SP_NOTE, [Verifier.parse(C2SP_KEY)]).text == "This is an example message.\n"
    assert open_note(f"{GO_TEXT}\n{GO_LINE}", [Verifier.parse(GO_KEY)]).text == GO_TEXT


def test_our_signature_is_byte_for_byte_that_of_the_go_implementation():
    assert Signer.parse(GO_SIGNER).sign(GO_TEXT) == f"{GO_TEXT}\n{GO_LINE}"
    assert Signer.parse(GO_SIGNER).private_line == GO_SIGNER


def test_key_lines_round_trip_and_a_foreign_id_is_refused():
    assert Verifier.parse(GO_KEY).line == GO_KEY
    assert code_of(lambda: Verifier.parse(GO_KEY.replace("c74f20a3", "c74f20a4"))) == "key"


def test_signatures_of_unknown_keys_are_ignored_but_do_not_suffice():
    stranger = Signer.generate("stranger.example")
    note = f"{GO_TEXT}\n{stranger.sign(GO_TEXT).rsplit(chr(10), 2)[1]}\n{GO_LINE}"
    assert [key.name for key in open_note(note, [Verifier.parse(GO_KEY)]).signed_by] == ["PeterNeumann"]
    assert code_of(lambda: open_note(note, [Verifier.parse(C2SP_KEY)])) == "unknown_key"


def test_one_wrong_signature_of_a_known_key_refuses_the_note():
    other = Signer.generate("other.example")
    line = other.sign("something else\n").rsplit("\n", 2)[1]
    note = f"{GO_TEXT}\n{GO_LINE}{line}\n"
    assert code_of(lambda: open_note(note, [Verifier.parse(GO_KEY), other.verifier])) == "signature"


@given(st.integers(0, len(C2SP_NOTE.encode()) - 1), st.integers(1, 255))
def test_any_changed_byte_closes_the_note(at, shift):
    raw = bytearray(C2SP_NOTE.encode())
    raw[at] = (raw[at] + shift) % 256
    try:
        note = raw.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(InputError):
        open_note(note, [Verifier.parse(C2SP_KEY)])


@given(st.text(max_size=200))
def test_any_text_is_opened_or_refused_in_words(text):
    with pytest.raises(InputError):
        open_note(text, [Verifier.parse(C2SP_KEY)])


def test_a_witness_cosigns_but_cannot_stand_for_the_log():
    log, witness = Signer.generate("log.example"), Signer.generate("witness.example", COSIGNATURE)
    body = f"log.example\n7\n{base64.b64encode(bytes(32)).decode()}\n"
    note = witness.cosign(log.sign(body), 1_700_000_000)
    signed_by = open_checkpoint(note, [log.verifier, witness.verifier]).signed_by
    assert [key.name for key in signed_by] == ["log.example", "witness.example"]
    assert code_of(lambda: open_checkpoint(note, [witness.verifier])) == "unknown_key"
    moved = note.replace(note.splitlines()[-1], note.splitlines()[-1][:-8] + "AAAAAAA=")
    with pytest.raises(InputError):
        open_checkpoint(moved, [log.verifier, witness.verifier])


def test_a_checkpoint_is_only_taken_from_the_log_it_names():
    other = Signer.generate("other.example")
    body = f"log.example\n7\n{base64.b64encode(bytes(32)).decode()}\n"
    assert code_of(lambda: open_checkpoint(other.sign(body), [other.verifier])) == "unknown_key"


@pytest.mark.parametrize("body", ["log\n07\nAAAA\n", "log\n7\nAAAA\n", "log\n-1\nAAAA\n", "log\n7\n", "log\n7\n\nx\n"])
def test_malformed_checkpoints_are_refused(body):
    log = Signer.generate("log")
    with pytest.raises(InputError):
        open_checkpoint(log.sign(body), [log.verifier])


def test_key_files_are_private_and_never_replaced(tmp_path):
    path = tmp_path / "keys" / "log.key"
    first = load_or_create_signer(path, "log.example")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert load_or_create_signer(path, "another.example") == first == load_signer(path)
    assert Verifier.parse((tmp_path / "keys" / "log.pub").read_text()) == first.verifier
    assert base64.b64encode(first.seed).decode() not in repr(first)
