"""The log on disk: layout, proofs, crashes, two writers, and a log that was put back."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil

import pytest

from quanheng.errors import InputError
from quanheng.evidence.ledger import Log, Signer, fsck, leaf_hash, open_checkpoint, verify_inclusion
from quanheng.evidence.ledger import log as log_module
from quanheng.evidence.ledger.tiles import index_path
from tests.evidence.ledger import oracle

SIGNER = Signer.generate("log.example")


def make_leaves(count: int, start: int = 0) -> list[bytes]:
    return [b"leaf %d" % number for number in range(start, start + count)]


def check(directory):
    return fsck(directory, [SIGNER.verifier], leaves=False)


def files(directory) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and ".local" not in path.parts
    }


def test_tile_indices_are_written_as_the_layout_says():
    assert [index_path(n) for n in (0, 999, 1000, 1234067)] == ["000", "999", "x001/000", "x001/x234/067"]


def test_a_tree_of_70000_has_the_tiles_of_the_layout(tmp_path):
    log = Log(tmp_path, SIGNER)
    log.append(make_leaves(70_000))
    level0 = [name for name in files(tmp_path) if name.startswith("tile/0/")]
    assert sum(".p/" not in name for name in level0) == 273
    assert [name for name in level0 if ".p/" in name] == ["tile/0/273.p/112"]
    assert [name for name in files(tmp_path) if name.startswith(("tile/1/", "tile/2/"))] == [
        "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1",
    ]  # fmt: skip
    assert check(tmp_path).sound
    head = open_checkpoint(log.checkpoint(), [SIGNER.verifier])
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        verify_inclusion(index, head.size, leaf_hash(b"leaf %d" % index), log.inclusion_proof(index), head.root)
    path = log.consistency_proof(300, 65_600)
    assert oracle.consistency_holds(300, 65_600, log.root(300), log.root(65_600), path)
    assert log.entry(65_536) == b"leaf 65536"


def test_appending_in_any_steps_gives_the_tree_of_the_definition(tmp_path):
    rng = random.Random(5)
    leaves, log, done = make_leaves(600), Log(tmp_path, SIGNER), 0
    while done < len(leaves):
        step = rng.choice([1, 1, 2, 7, 100, 255, 256, 257])
        assert log.append(leaves[done : done + step]) == range(done, min(done + step, len(leaves)))
        done = min(done + step, len(leaves))
        assert log.root() == log.head().root == oracle.mth(leaves[:done])
        if rng.random() < 0.3:
            log = Log(tmp_path, SIGNER)
    assert list(log.entries()) == leaves
    assert list(log.entries(250, 520)) == leaves[250:520]
    assert check(tmp_path).sound
    for index, size in [(0, 1), (5, 300), (299, 300), (511, 600)]:
        root = oracle.mth(leaves[:size])
        assert oracle.inclusion_holds(index, size, leaf_hash(leaves[index]), log.inclusion_proof(index, size), root)


def test_one_leaf_rewrites_only_partial_tiles(tmp_path):
    log = Log(tmp_path, SIGNER)
    log.append(make_leaves(300))
    before = files(tmp_path)
    log.append([b"one more"])
    after = files(tmp_path)
    assert set(after) - set(before) == {"tile/0/001.p/45", "tile/entries/001.p/45"}
    assert {name for name in before if before[name] != after.get(name)} == {"checkpoint"}


def test_ensure_finds_a_leaf_instead_of_writing_it_twice(tmp_path):
    log = Log(tmp_path, SIGNER)
    first = log.ensure_all([b"a", b"b", b"a"])
    assert first == [0, 1, 0]
    assert Log(tmp_path, SIGNER).ensure_all([b"c", b"b"]) == [2, 1]
    assert log.find(b"c") == 2
    assert log.find(b"d") is None
    shutil.rmtree(tmp_path / ".local")
    assert Log(tmp_path, SIGNER).ensure(b"b") == 1
    assert log.size == 3


@pytest.mark.parametrize("step", ["tile", "checkpoint", "index"])
@pytest.mark.parametrize("count", [3, 300, 600])
def test_a_crash_at_any_step_leaves_the_old_log_or_the_new_one(tmp_path, monkeypatch, step, count):
    log = Log(tmp_path, SIGNER)
    log.append(make_leaves(250))
    fresh = [b"wanted %d" % n for n in range(count)]

    class Crash(Exception):
        pass

    def crash(*_args, **_kwargs):
        raise Crash

    with monkeypatch.context() as patch:
        if step == "tile":
            real = log_module._Writer.write
            calls = iter(range(10))

            def write(self, path, data):
                return real(self, path, data) if next(calls) < 1 else crash()

            patch.setattr(log_module._Writer, "write", write)
        else:
            target = (Log, "_publish") if step == "checkpoint" else (log_module.LeafIndex, "advance")
            patch.setattr(*target, crash)
        with pytest.raises(Crash):
            log.ensure_all(fresh)
    survivor = Log(tmp_path, verifiers=[SIGNER.verifier])
    assert survivor.size == (250 + count if step == "index" else 250)
    assert check(tmp_path).sound
    again = Log(tmp_path, SIGNER)
    assert again.ensure_all([b"other", *fresh][:2]) == ([250, 251] if step != "index" else [250 + count, 250])
    assert sorted(again.ensure_all(fresh)) == (
        list(range(251, 251 + count)) if step != "index" else list(range(250, 250 + count))
    )
    assert again.size == 251 + count
    assert check(tmp_path).sound


def test_a_killed_writer_loses_and_duplicates_nothing(tmp_path):
    rng = random.Random(3)
    leaves = make_leaves(400)
    context = multiprocessing.get_context("fork")
    for _ in range(12):
        child = context.Process(target=_write_all, args=(tmp_path, leaves))
        child.start()
        child.join(rng.uniform(0.0, 0.25))
        child.kill()
        child.join()
    log = Log(tmp_path, SIGNER)
    indices = log.ensure_all(leaves)
    assert sorted(indices) == list(range(400))
    assert log.size == 400
    assert check(tmp_path).sound


def _write_all(directory, leaves):
    log = Log(directory, SIGNER)
    for at in range(0, len(leaves), 3):
        log.ensure_all(leaves[at : at + 3])


def test_two_writers_take_turns(tmp_path):
    context = multiprocessing.get_context("fork")
    batches = [make_leaves(120, start) for start in (0, 60, 1000)]
    children = [context.Process(target=_write_all, args=(tmp_path, batch)) for batch in batches]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]
    log = Log(tmp_path, SIGNER)
    assert log.size == 300
    assert set(log.entries()) == {leaf for batch in batches for leaf in batch}
    assert check(tmp_path).sound


def test_nothing_is_signed_on_top_of_a_log_that_was_put_back(tmp_path):
    log = Log(tmp_path / "log", SIGNER)
    log.append(make_leaves(10))
    shutil.copytree(tmp_path / "log", tmp_path / "old")
    log.append(make_leaves(10, 10))
    for name in ("checkpoint", "tile"):
        target = tmp_path / "log" / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        source = tmp_path / "old" / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    with pytest.raises(InputError, match="once reached 20") as caught:
        Log(tmp_path / "log", SIGNER).append([b"x"])
    assert caught.value.code == "log_rolled_back"


def test_a_log_without_its_checkpoint_is_not_started_anew(tmp_path):
    Log(tmp_path, SIGNER).append(make_leaves(3))
    os.remove(tmp_path / "checkpoint")
    with pytest.raises(InputError, match="gone"):
        Log(tmp_path, SIGNER).append([b"x"])


def test_a_rotated_key_continues_the_log_and_old_checkpoints_stay_valid(tmp_path):
    log = Log(tmp_path, SIGNER)
    log.append(make_leaves(5))
    old = log.checkpoint()
    rotated = Signer.generate("log.example")
    with pytest.raises(InputError):
        Log(tmp_path, rotated).append([b"x"])
    Log(tmp_path, rotated, verifiers=[SIGNER.verifier]).append([b"x"])
    keys = [SIGNER.verifier, rotated.verifier]
    assert open_checkpoint(old, keys).size == 5
    assert open_checkpoint(log_note(tmp_path), keys).signed_by == (rotated.verifier,)


def log_note(directory) -> str:
    return (directory / "checkpoint").read_text()


def test_another_logs_key_and_oversized_leaves_are_refused(tmp_path):
    log = Log(tmp_path, SIGNER)
    log.append([b""])
    with pytest.raises(InputError):
        log.append([b"fine", bytes(70_000)])
    with pytest.raises(InputError):
        Log(tmp_path, Signer.generate("other"), verifiers=[SIGNER.verifier]).append([b"x"])
    with pytest.raises(InputError):
        Log(tmp_path, verifiers=[SIGNER.verifier]).append([b"x"])
    for wrong in (lambda: log.inclusion_proof(1), lambda: log.consistency_proof(2), lambda: log.entry(-1)):
        with pytest.raises(InputError):
            wrong()
    assert log.size == 1
