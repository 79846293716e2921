"""Numbers from a seed: HMAC-SHA-256 in counter mode, and whole numbers below a bound without bias."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence


class Stream:
    """Bytes of ``HMAC-SHA-256(seed, label || 0x00 || counter as 8 bytes, big-endian)``, counter from 0."""

    def __init__(self, seed: bytes, label: str) -> None:
        self._seed, self._label = seed, label.encode("utf-8") + b"\x00"
        self._counter, self._rest = 0, b""

    def take(self, count: int) -> bytes:
        """The next bytes of the stream."""
        while len(self._rest) < count:
            message = self._label + self._counter.to_bytes(8, "big")
            self._rest += hmac.new(self._seed, message, hashlib.sha256).digest()
            self._counter += 1
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` - 1: eight bytes, big-endian, refused above the last multiple of the bound."""
        if not 0 < bound <= 1 << 63:
            raise ValueError("the bound lies between 1 and 2^63")
        limit = (1 << 64) - (1 << 64) % bound
        while True:
            number = int.from_bytes(self.take(8), "big")
            if number < limit:
                return number % bound

    def choose(self, items: Sequence[str], count: int) -> list[str]:
        """``count`` of the items without repetition, in the order drawn (the first steps of Fisher and Yates)."""
        pool = list(items)
        for at in range(count):
            other = at + self.below(len(pool) - at)
            pool[at], pool[other] = pool[other], pool[at]
        return pool[:count]
