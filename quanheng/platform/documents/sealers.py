"""Processes that make and sign documents beside whoever signs batch after batch."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar

import django

_standing: ContextVar[Executor | None] = ContextVar("standing_sealers", default=None)


def standing() -> Executor | None:
    """The processes that stand ready, where somebody has made them."""
    return _standing.get()


@contextmanager
def processes(count: int) -> Iterator[Executor]:
    """Have ``count`` processes of their own stand ready for every batch signed within.

    Each loads the product first, which takes seconds: worth it for hundreds of documents. A single batch is sealed by
    threads. They share keys and blobs through the data folder and never touch the database.
    """
    pool = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin)
    token = _standing.set(pool)
    try:
        with pool:
            yield pool
    finally:
        _standing.reset(token)


def _begin() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    django.setup()


def _end_with_parent() -> None:
    """A parent that was killed tells nobody: without this its processes would wait for work for good."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
