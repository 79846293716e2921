"""Second implementation of the proofs, written from the recursive definitions of RFC 6962 §2.1 and the
step lists of RFC 9162 §2.1.3.2 and §2.1.4.2. It shares nothing with the product on purpose."""

from __future__ import annotations

from hashlib import sha256


def mth(d: list[bytes]) -> bytes:
    if not d:
        return sha256().digest()
    if len(d) == 1:
        return sha256(b"\x00" + d[0]).digest()
    k = largest_power_below(len(d))
    return sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = largest_power_below(len(d))
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def proof(m: int, d: list[bytes]) -> list[bytes]:
    return subproof(m, d, True)


def subproof(m: int, d: list[bytes], b: bool) -> list[bytes]:
    n = len(d)
    if m == n:
        return [] if b else [mth(d)]
    k = largest_power_below(n)
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def lsb(x: int) -> bool:
    return x % 2 == 1


def inclusion_holds(leaf_index: int, tree_size: int, hash_: bytes, inclusion_path: list[bytes], root: bytes) -> bool:
    if leaf_index >= tree_size:  # step 1
        return False
    fn, sn, r = leaf_index, tree_size - 1, hash_  # steps 2, 3
    for p in inclusion_path:  # step 4
        if sn == 0:
            return False
        if lsb(fn) or fn == sn:
            r = sha256(b"\x01" + p + r).digest()
            if not lsb(fn):
                while True:
                    fn, sn = fn >> 1, sn >> 1
                    if lsb(fn) or fn == 0:
                        break
        else:
            r = sha256(b"\x01" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root  # step 5


def consistency_holds(
    first: int, second: int, first_hash: bytes, second_hash: bytes, consistency_path: list[bytes]
) -> bool:
    if not consistency_path:  # step 1
        return False
    cp = list(consistency_path)
    if first & (first - 1) == 0:  # step 2
        cp.insert(0, first_hash)
    fn, sn = first - 1, second - 1  # step 3
    while lsb(fn):  # step 4
        fn, sn = fn >> 1, sn >> 1
    fr = sr = cp[0]  # step 5
    for c in cp[1:]:  # step 6
        if sn == 0:
            return False
        if lsb(fn) or fn == sn:
            fr = sha256(b"\x01" + c + fr).digest()
            sr = sha256(b"\x01" + c + sr).digest()
            if not lsb(fn):
                while True:
                    fn, sn = fn >> 1, sn >> 1
                    if lsb(fn) or fn == 0:
                        break
        else:
            sr = sha256(b"\x01" + sr + c).digest()
        fn, sn = fn >> 1, sn >> 1
    return fr == first_hash and sr == second_hash and sn == 0  # step 7
