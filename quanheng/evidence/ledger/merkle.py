"""The Merkle tree of RFC 6962 / RFC 9162: hashes, proofs and their verification.

Everything here is pure. Proofs are built from a function that gives the hash of a perfect subtree,
so the same code serves tiles on disk and a list in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

# (height, index) → hash of the perfect subtree over leaves [index << height, (index + 1) << height)
SubtreeHash = Callable[[int, int], bytes]


class ProofError(ValueError):
    """A proof that does not prove what it was given for."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one entry, domain-separated from inner nodes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root of a perfect subtree from its 2**k hashes."""
    row = list(hashes)
    sha256 = hashlib.sha256
    while len(row) > 1:
        row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    return row[0]


def split_point(size: int) -> int:
    """The largest power of two smaller than ``size`` (size > 1)."""
    return 1 << (size - 1).bit_length() - 1


def range_hash(subtree: SubtreeHash, start: int, end: int) -> bytes:
    """MTH(D[start:end]) where ``start`` is a multiple of the first perfect subtree, as RFC 6962 ranges are."""
    parts: list[bytes] = []
    while start < end:
        height = (end - start).bit_length() - 1
        parts.append(subtree(height, start >> height))
        start += 1 << height
    if not parts:
        return EMPTY_ROOT
    result = parts.pop()
    while parts:
        result = node_hash(parts.pop(), result)
    return result


def inclusion_path(subtree: SubtreeHash, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 §2.1.1."""
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} is outside a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split_point(end - start)
        if index < middle:
            path.append(range_hash(subtree, middle, end))
            end = middle
        else:
            path.append(range_hash(subtree, start, middle))
            start = middle
    path.reverse()
    return path


def consistency_path(subtree: SubtreeHash, first: int, second: int) -> list[bytes]:
    """PROOF(first, D[second]) of RFC 6962 §2.1.2."""
    if not 0 <= first <= second:
        raise ProofError(f"no proof leads from {first} to {second}")
    if first in (0, second):
        return []
    path: list[bytes] = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + split_point(end - start)
        if first <= middle:
            path.append(range_hash(subtree, middle, end))
            end = middle
        else:
            path.append(range_hash(subtree, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(range_hash(subtree, start, end))
    path.reverse()
    return path


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that ``proof`` leads to from the leaf hash (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} is outside a tree of {size}")
    node, last, result = index, size - 1, leaf
    for sibling in _hashes(proof):
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while node and not node & 1:
                node >>= 1
                last >>= 1
        else:
            result = node_hash(result, sibling)
        node >>= 1
        last >>= 1
    if last:
        raise ProofError("the inclusion proof is too short")
    return result


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raise ProofError unless the leaf hash is at ``index`` in the tree with this root."""
    if root_from_inclusion(index, size, leaf, proof) != root:
        raise ProofError("the inclusion proof leads to another root")


def verify_consistency(first: int, second: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> None:
    """Raise ProofError unless the tree ``second`` continues the tree ``first`` (RFC 9162 §2.1.4.2)."""
    path = _hashes(proof)
    if not 0 <= first <= second:
        raise ProofError("a log cannot shrink")
    if first == second or first == 0:
        if path or (first == second and root1 != root2) or (first == 0 and root1 != EMPTY_ROOT):
            raise ProofError("the two trees differ")
        return
    if not path:
        raise ProofError("the consistency proof is empty")
    if first & (first - 1) == 0:
        path = [root1, *path]
    node, last = first - 1, second - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while node and not node & 1:
                node >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        node >>= 1
        last >>= 1
    if last or old != root1 or new != root2:
        raise ProofError("the later tree does not continue the earlier one")


def _hashes(proof: Sequence[bytes]) -> list[bytes]:
    if len(proof) > 64 or any(len(item) != HASH_SIZE for item in proof):
        raise ProofError("a proof is at most 64 hashes of 32 bytes")
    return list(proof)
