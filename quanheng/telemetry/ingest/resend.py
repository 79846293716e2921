"""Dead letters judged once more, after what was wrong with the list or the meter was mended."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from quanheng.telemetry.ingest.mapping import Mapping
from quanheng.telemetry.ingest.push import Receiver, from_objects


@dataclass(frozen=True)
class Resent:
    """Letters that became readings, that lie aside anew, and rows of files, which are brought with their file."""

    accepted: int
    rejected: int
    of_files: int


def resend(
    receiver: Receiver, where: pl.Expr, *, areas_of: Callable[[str], pl.DataFrame | None], now: dt.datetime
) -> Resent:
    """Judge the pushed rows among the letters that ``where`` selects by the list as it stands now.

    They count as recorded when they first came, so none undoes a later correction. A letter goes only after its
    reading, or its new letter, is on disk: a stop in between repeats a row and loses none.
    """
    accepted = rejected = of_files = 0
    for path, table in receiver.letters.files():
        chosen = table.filter(where)
        pushed = chosen.filter(pl.col("mapping") != "")
        of_files += chosen.height - pushed.height
        if not pushed.height:
            continue
        for (source, mapping, at), part in pushed.partition_by("source", "mapping", "at", as_dict=True).items():
            done = receiver.receive(
                from_objects([(row, _object(text)) for row, text in part.select("row", "content").iter_rows()]),
                source=str(source), now=now, recorded_at=at, areas=areas_of(str(source)),
                mapping=Mapping.from_dict(json.loads(str(mapping))),
            )  # fmt: skip
            accepted, rejected = accepted + done.accepted, rejected + done.rejected
        receiver.letters.keep(path, table.filter(~where | (pl.col("mapping") == "")))
    return Resent(accepted, rejected, of_files)


def _object(text: str) -> Any:
    """The row as it was pushed; a line that was no object stays a line."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if isinstance(found, dict) and found.get("line") is not None:
        return str(found["line"])
    return found
