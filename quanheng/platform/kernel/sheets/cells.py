"""One cell as text, and text as a date or a number. Nothing is guessed: what is doubtful is refused."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from decimal import Decimal

from django.utils.translation import gettext as _

_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:[ T]0?0:00(?::00)?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"[3-6]\d{4}")
EXCEL_EPOCH = dt.date(1899, 12, 30)
EXACT = 10**15


class CellProblem(ValueError):
    """A cell that cannot be used; the message is for a person."""


def clean(text: str) -> str:
    """Text without invisible characters and outer blanks; rare Han characters stay as they are."""
    return _INVISIBLE.sub("", text.replace("\u3000", " ").replace("\xa0", " ")).strip()


def to_text(value: object) -> tuple[str, str]:
    """A cell's value as text, and what is wrong with it (empty if nothing is)."""
    if value is None or value == "":
        return "", ""
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), ""
    if isinstance(value, (int, float)):
        return _number(float(value))
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return (value.date().isoformat() if midnight else value.isoformat(" ", "seconds")), ""
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat(), ""
    return clean(str(value)), ""


def _number(value: float) -> tuple[str, str]:
    if not math.isfinite(value):
        return "", _("不是有效的数值")
    if value == int(value):
        text = str(int(value))
        return text, (_("数字超过 15 位,表格软件已丢失末位;请把此列设为文本后重填") if abs(value) >= EXACT else "")
    return format(Decimal(repr(value)), "f"), ""


def parse_date(text: str) -> dt.date:
    """A civil date written the Chinese ways, or an Excel day number; month before year is refused."""
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _DATE.fullmatch(plain) or _COMPACT.fullmatch(plain)
    try:
        if found:
            year, month, day = (int(g) for g in found.groups())
            return dt.date(year, month, day)
        if _SERIAL.fullmatch(plain):
            return EXCEL_EPOCH + dt.timedelta(days=int(plain))
    except ValueError as error:
        raise CellProblem(_("没有这一天,请写成 2026-05-20 的样子")) from error
    raise CellProblem(_("不是日期,请写成 2026-05-20 的样子"))


def parse_count(text: str) -> int:
    """A whole number of at least one."""
    plain = unicodedata.normalize("NFKC", text).strip().replace(",", "")
    if not re.fullmatch(r"\d{1,9}", plain) or int(plain) < 1:
        raise CellProblem(_("应为 1 以上的整数"))
    return int(plain)
