"""The Merkle tree against published vectors and a second implementation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.evidence.ledger import merkle
from quanheng.evidence.ledger.merkle import ProofError
from tests.evidence.ledger import oracle

# inputs and roots of the certificate-transparency reference implementation
LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                     "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION_0_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
INCLUSION_5_8 = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
CONSISTENCY_6_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
CONSISTENCY_2_5 = [
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
]


def subtrees(leaves: list[bytes]) -> merkle.SubtreeHash:
    return lambda height, index: merkle.fold(
        [merkle.leaf_hash(x) for x in leaves[index << height : (index + 1) << height]]
    )


def hexes(hashes: list[bytes]) -> list[str]:
    return [item.hex() for item in hashes]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_implementation(size):
    assert merkle.range_hash(subtrees(LEAVES), 0, size).hex() == ROOTS[size]


def test_proofs_are_those_of_the_reference_implementation():
    tree = subtrees(LEAVES)
    assert hexes(merkle.inclusion_path(tree, 0, 8)) == INCLUSION_0_8
    assert hexes(merkle.inclusion_path(tree, 5, 8)) == INCLUSION_5_8
    assert hexes(merkle.consistency_path(tree, 1, 8)) == INCLUSION_0_8
    assert hexes(merkle.consistency_path(tree, 6, 8)) == CONSISTENCY_6_8
    assert hexes(merkle.consistency_path(tree, 2, 5)) == CONSISTENCY_2_5


def test_every_small_proof_agrees_with_the_second_implementation():
    leaves = [bytes([i]) for i in range(24)]
    tree = subtrees(leaves)
    for size in range(1, 25):
        root = oracle.mth(leaves[:size])
        for index in range(size):
            path = merkle.inclusion_path(tree, index, size)
            assert path == oracle.path(index, leaves[:size])
            assert oracle.inclusion_holds(index, size, merkle.leaf_hash(leaves[index]), path, root)
            merkle.verify_inclusion(index, size, merkle.leaf_hash(leaves[index]), path, root)
        for first in range(1, size):
            path = merkle.consistency_path(tree, first, size)
            assert path == oracle.proof(first, leaves[:size])
            assert oracle.consistency_holds(first, size, oracle.mth(leaves[:first]), root, path)
            merkle.verify_consistency(first, size, path, oracle.mth(leaves[:first]), root)


def inclusion_verdict(index, size, leaf, path, root) -> bool:
    try:
        merkle.verify_inclusion(index, size, leaf, path, root)
    except ProofError:
        return False
    return True


def consistency_verdict(first, second, path, root1, root2) -> bool:
    try:
        merkle.verify_consistency(first, second, path, root1, root2)
    except ProofError:
        return False
    return True


@given(st.data())
def test_both_verifiers_agree_on_mangled_inclusion_proofs(data):
    size = data.draw(st.integers(1, 40))
    index = data.draw(st.integers(0, size - 1))
    leaves = [bytes([i]) for i in range(size)]
    path = oracle.path(index, leaves)
    claimed = data.draw(st.integers(0, size + 2))
    claimed_size = data.draw(st.sampled_from([size, size - 1, size + 1, 2 * size]))
    if path:
        path.pop(data.draw(st.integers(0, len(path) - 1))) if data.draw(st.booleans()) else None
    path += data.draw(st.lists(st.binary(min_size=32, max_size=32), max_size=1))
    root, leaf = oracle.mth(leaves), merkle.leaf_hash(leaves[index])
    verdict = inclusion_verdict(claimed, claimed_size, leaf, path, root)
    assert verdict == oracle.inclusion_holds(claimed, claimed_size, leaf, path, root)
    if verdict and claimed_size == size:
        assert claimed == index


@given(st.integers(1, 40), st.integers(1, 40), st.integers(-1, 1), st.booleans())
def test_both_verifiers_agree_on_mangled_consistency_proofs(a, b, shift, swap):
    first, second = min(a, b), max(a, b) + 1
    leaves = [bytes([i]) for i in range(second)]
    path = oracle.proof(first, leaves)
    root1, root2 = oracle.mth(leaves[:first]), oracle.mth(leaves)
    if swap:
        path.reverse()
    claimed = max(1, first + shift)
    if claimed < second:
        ours = consistency_verdict(claimed, second, path, root1, root2)
        assert ours == oracle.consistency_holds(claimed, second, root1, root2, path)


@pytest.mark.parametrize(
    ("first", "second", "root1", "root2"),
    [(0, 8, 1, 8), (8, 8, 7, 8), (8, 7, 8, 7), (4, 8, 4, 8)],
)
def test_empty_consistency_proofs_only_join_equal_trees(first, second, root1, root2):
    assert not consistency_verdict(first, second, [], bytes.fromhex(ROOTS[root1]), bytes.fromhex(ROOTS[root2]))


def test_a_proof_with_a_short_hash_is_refused():
    with pytest.raises(ProofError):
        merkle.verify_inclusion(0, 2, merkle.leaf_hash(b""), [b"short"], bytes(32))
