"""Logs as JSON lines with the request id and without personal data.

A line carries the code's own message template, never the values of a request: no path, address, name or body. Of an
exception it keeps the class and the places in the code; its text may quote a record and stays out.
"""

from __future__ import annotations

import json
import logging
import traceback
from contextvars import ContextVar
from typing import Any, ClassVar

from quanheng.errors import InputError
from quanheng.platform.kernel import clock

_OURS = ("quanheng", "django_tasks")  # the queue names tasks and workers, never what they carry
_FIELDS = ("method", "route", "status", "ms", "job", "code", "count")


def _places(record: logging.LogRecord) -> list[str]:
    if not record.exc_info or record.exc_info[2] is None:
        return []
    frames = traceback.extract_tb(record.exc_info[2])[-12:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(filename: str) -> str:
    for mark in ("/site-packages/", "/quanheng/"):
        _before, found, after = filename.rpartition(mark)
        if found:
            return after if mark == "/site-packages/" else f"quanheng/{after}"
    return filename.rpartition("/")[2]


class JsonFormatter(logging.Formatter):
    """One JSON object per line. ``request_id`` is set once the apps are loaded: logging starts before them."""

    request_id: ClassVar[ContextVar[str]] = ContextVar("request_id_before_apps", default="")

    def format(self, record: logging.LogRecord) -> str:
        """The line. Only our own loggers may put values into their message."""
        ours = record.name.startswith(_OURS)
        line: dict[str, Any] = {
            "at": clock.now().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if ours else str(record.msg),
        }
        if request_id := type(self).request_id.get():
            line["request_id"] = request_id
        line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        status = getattr(record, "status_code", None)
        if status:
            line["status"] = status
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["places"] = _places(record)
            if isinstance(record.exc_info[1], InputError):
                line["code"] = record.exc_info[1].code
        return json.dumps(line, ensure_ascii=False, default=str)
