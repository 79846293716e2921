"""The store of readings: Parquet by region and day behind a journal, nothing acknowledged is lost.

``Store.write`` takes whole batches, ``Journal.append`` takes pushed readings and returns when they are durable,
``Store.scan`` reads both with late and repeated data resolved.
"""

from quanheng.telemetry.store.journal import Journal
from quanheng.telemetry.store.layout import COLUMNS, KEY, empty, resolve
from quanheng.telemetry.store.store import Receipt, Store

__all__ = ["COLUMNS", "KEY", "Journal", "Receipt", "Store", "empty", "resolve"]
