"""Where the outputs of trials are kept while threads draw them, and the order in which what they told is read."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.vectors import Floats

MAX_STORED = 40_000_000

T = TypeVar("T")


class TrialStore:
    """One array for each output; threads fill parts of it that do not overlap, so that nothing is joined later."""

    def __init__(self, most: int, group: int) -> None:
        self._most, self._group = most, group
        self._arrays: dict[str, Floats] = {}
        self._lock = Lock()

    def put(self, values: Mapping[str, Floats], start: int, count: int) -> None:
        """Keep the outputs of `count` trials, which must be finite numbers."""
        for name, y in values.items():
            _refuse_undefined(name, y, count)
        with self._lock:
            if not self._arrays:
                # memory that is never written to is never taken
                room = min(self._most, MAX_STORED // len(values) + self._group)
                self._arrays = {name: np.empty(room) for name in values}
        for name, y in values.items():
            if start + count > len(self._arrays[name]):
                raise too_large()
            self._arrays[name][start : start + count] = y

    def between(self, start: int, stop: int) -> dict[str, Floats]:
        """The outputs of some trials."""
        return {name: y[start:stop] for name, y in self._arrays.items()}


def too_large() -> InputError:
    """What is said when there is no room for more."""
    return InputError("too_large", f"more than {MAX_STORED} values would be kept; take fewer trials", "trials")


def _refuse_undefined(name: str, y: Floats, count: int) -> None:
    if y.shape != (count,):
        raise InputError("model", f"the model answered shape {y.shape} for {count} trials", name)
    if math.isfinite(float(y.sum())) or np.isfinite(y).all():
        return
    bad = count - int(np.count_nonzero(np.isfinite(y)))
    raise InputError(
        "model_undefined",
        f"{bad} of {count} trials have no finite value: the inputs reach where the model is not defined or has "
        "a pole (JCGM 101, 5.10: the model must be continuous over the inputs); narrow or truncate the inputs",
        name,
    )


def in_order(work: Callable[[int], Iterator[T]], count: int, threads: int) -> Iterator[T]:
    """What `work` gives for 0, 1, … `count` − 1; threads are as far ahead of the reader as there are of them."""
    if threads <= 1:
        for i in range(count):
            yield from work(i)
        return
    pool = ThreadPoolExecutor(threads)
    begun: deque[Future[list[T]]] = deque()
    try:
        for i in range(count + threads):
            if i < count:
                begun.append(pool.submit(lambda i: list(work(i)), i))
            if i >= threads:
                yield from begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
