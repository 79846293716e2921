"""fsck names what differs: flipped bytes, missing, cut, swapped and reordered parts, another view."""

from __future__ import annotations

import random
import shutil

import pytest

from quanheng.evidence.ledger import Log, Signer, fsck, open_checkpoint
from quanheng.evidence.ledger.note import COSIGNATURE
from quanheng.evidence.ledger.tiles import pack_entries, unpack_entries

SIGNER = Signer.generate("log.example")


@pytest.fixture(scope="module")
def sound_log(tmp_path_factory):
    directory = tmp_path_factory.mktemp("log")
    log = Log(directory, SIGNER)
    log.append([b"leaf %d" % n for n in range(515)])
    log.append([b"last"])
    return directory


@pytest.fixture
def directory(sound_log, tmp_path):
    return shutil.copytree(sound_log, tmp_path / "log")


def check(directory, **more):
    return fsck(directory, [SIGNER.verifier], leaves=False, **more)


def tiles(directory):
    return sorted(path for path in (directory / "tile").rglob("*") if path.is_file())


def test_a_sound_log_has_no_finding(directory):
    report = check(directory)
    assert report.sound
    assert report.size == 516
    assert len(tiles(directory)) == 9


def test_every_flipped_byte_is_found_and_its_file_named(directory):
    rng = random.Random(7)
    for path in [*tiles(directory), directory / "checkpoint"]:
        good = path.read_bytes()
        for at in {0, len(good) - 1, *(rng.randrange(len(good)) for _ in range(3))}:
            bad = bytearray(good)
            bad[at] ^= 1 << rng.randrange(8)
            path.write_bytes(bad)
            report = check(directory)
            assert not report.sound, f"{path} byte {at}"
            name = str(path.relative_to(directory)).replace("entries", "0")
            assert any(finding.place.replace("entries", "0") == name for finding in report.findings)
        path.write_bytes(good)
    assert check(directory).sound


def test_every_missing_file_is_found(directory):
    for path in [*tiles(directory), directory / "checkpoint"]:
        good = path.read_bytes()
        path.unlink()
        old_partial = path.name == "3"  # the log grew from 515 to 516; only the checkpoint of 515 needs it
        assert check(directory).sound == old_partial, path
        path.write_bytes(good)


def test_an_altered_entry_is_located(directory):
    path = directory / "tile/entries/001"
    entries = unpack_entries(path.read_bytes(), place="")
    entries[44] = b"leaf XXX"
    path.write_bytes(pack_entries(entries))
    assert check(directory).findings[0].message.startswith("Entry 300 ")


def test_reordered_entries_are_found_even_if_their_tile_is_rewritten(directory):
    path, tile = directory / "tile/entries/000", directory / "tile/0/000"
    entries = unpack_entries(path.read_bytes(), place="")
    entries[1], entries[2] = entries[2], entries[1]
    path.write_bytes(pack_entries(entries))
    hashes = tile.read_bytes()
    tile.write_bytes(hashes[:32] + hashes[64:96] + hashes[32:64] + hashes[96:])
    codes = {(finding.code, finding.place) for finding in check(directory).findings}
    assert ("root", "checkpoint") in codes


def test_a_cut_log_is_found_by_the_checkpoint_somebody_kept(directory, tmp_path):
    kept = open_checkpoint((directory / "checkpoint").read_text(), [SIGNER.verifier])
    other = tmp_path / "other"
    Log(other, SIGNER).append([b"leaf %d" % n for n in range(400)])
    assert [finding.code for finding in check(other, trusted=[kept]).findings] == ["truncated"]


def test_a_second_view_of_the_log_is_found(directory, tmp_path):
    kept = open_checkpoint((directory / "checkpoint").read_text(), [SIGNER.verifier])
    other = tmp_path / "other"
    Log(other, SIGNER).append([b"another history %d" % n for n in range(600)])
    assert check(other).sound
    assert [finding.code for finding in check(other, trusted=[kept]).findings] == ["split_view"]
    assert check(directory, trusted=[kept]).sound


def test_a_log_put_back_behind_its_own_index_is_found(directory, tmp_path):
    older = tmp_path / "older"
    Log(older, SIGNER).append([b"leaf %d" % n for n in range(300)])
    shutil.copytree(directory / ".local", older / ".local", dirs_exist_ok=True)
    assert [finding.code for finding in check(older).findings] == ["truncated"]


def test_entries_that_are_not_leaves_are_named(directory):
    report = fsck(directory, [SIGNER.verifier])
    assert {finding.code for finding in report.findings} == {"leaf"}
    assert report.findings[0].place == "entry 0"


def test_a_damaged_index_is_a_finding_and_not_a_crash(directory):
    (directory / ".local" / "index.sqlite").write_bytes(b"garbage" * 100)
    assert [finding.code for finding in check(directory).findings] == ["index"]


def test_a_log_that_does_not_continue_what_witnesses_signed_is_named(tmp_path):
    witness = Signer.generate("w.example", COSIGNATURE)
    log = Log(tmp_path / "log", SIGNER)
    log.append([b"a", b"b", b"c"])
    cosigned = witness.cosign(log.checkpoint(), 1_800_000_000)
    (tmp_path / "log" / "cosigned").write_text(cosigned)
    log.append([b"d"])
    assert check(tmp_path / "log").sound
    other = Log(tmp_path / "other", SIGNER)
    other.append([b"a", b"x", b"c", b"d"])
    (tmp_path / "other" / "cosigned").write_text(cosigned)
    assert [finding.code for finding in check(tmp_path / "other").findings] == ["split_view"]
    short = Log(tmp_path / "short", SIGNER)
    short.append([b"a"])
    (tmp_path / "short" / "cosigned").write_text(cosigned)
    assert [finding.code for finding in check(tmp_path / "short").findings] == ["truncated"]
    (tmp_path / "short" / "cosigned").write_text(cosigned.replace("\n3\n", "\n1\n"))
    assert [finding.place for finding in check(tmp_path / "short").findings] == ["cosigned"]


def test_two_kept_checkpoints_of_one_size_are_both_compared(tmp_path):
    mine, theirs = Log(tmp_path / "mine", SIGNER), Log(tmp_path / "theirs", SIGNER)
    mine.append([b"a"])
    theirs.append([b"z"])
    kept = [open_checkpoint(log.checkpoint(), [SIGNER.verifier]) for log in (theirs, mine)]
    assert [finding.code for finding in check(tmp_path / "mine", trusted=kept).findings] == ["split_view"]
