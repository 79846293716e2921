"""Serial ranges of lots: a utility's meters come as one row with a first and a last serial number."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from quanheng.platform.web.forms import several

MAX_LOT = 1_000_000
MOST_TAKEN = 200  # at once, out of a lot
_TAIL = re.compile(r"(.*?)([0-9]+)", re.DOTALL)


class RangeProblem(ValueError):
    """A range that cannot be; the message is for a person."""


@dataclass(frozen=True)
class SerialRange:
    """Serial numbers that share a prefix and a width and count up by one."""

    prefix: str
    first: int
    last: int
    width: int

    @property
    def count(self) -> int:
        """How many serial numbers it holds."""
        return self.last - self.first + 1

    @property
    def start(self) -> str:
        """The first serial number."""
        return f"{self.prefix}{self.first:0{self.width}d}"

    @property
    def end(self) -> str:
        """The last serial number."""
        return f"{self.prefix}{self.last:0{self.width}d}"

    def overlaps(self, other: SerialRange) -> bool:
        """Whether a serial number belongs to both."""
        same = (self.prefix, self.width) == (other.prefix, other.width)
        return same and self.first <= other.last and other.first <= self.last

    def __contains__(self, serial: object) -> bool:
        single = single_range(str(serial))
        return single is not None and self.overlaps(single)


def single_range(serial: str) -> SerialRange | None:
    """One serial number as a range of one, if it ends in digits."""
    found = _TAIL.fullmatch(serial)
    if not found:
        return None
    return SerialRange(found[1], int(found[2]), int(found[2]), len(found[2]))


def serial_range(start: str, end: str) -> SerialRange:
    """The range from one serial number to another; both must differ only in their last digits."""
    low, high = single_range(start), single_range(end)
    if low is None or high is None:
        raise RangeProblem(_("起止编号必须以数字结尾"))
    if len(start) != len(end) or low.prefix != high.prefix:
        raise RangeProblem(_("起止编号的前缀和位数必须相同:%(start)s 与 %(end)s") % {"start": start, "end": end})
    if high.first < low.first:
        raise RangeProblem(_("止编号小于起编号"))
    found = SerialRange(low.prefix, low.first, high.first, low.width)
    if found.count > MAX_LOT:
        raise RangeProblem(_("一批最多 %(n)d 台") % {"n": MAX_LOT})
    return found


def typed_serials(text: str) -> list[str]:
    """Serial numbers as people type or paste them: one after another, or from first to last (A0001~A0010)."""
    found: dict[str, None] = {}
    for part in several(re.sub(r"\s*[~\uff5e\u301c]\s*", "~", text)):
        first, _mark, last = part.partition("~")
        span = serial_range(first, last) if last else None
        if len(found) + (span.count if span else 1) > MOST_TAKEN:
            raise RangeProblem(_("一次最多 %(n)d 台,其余请分次办理") % {"n": MOST_TAKEN})
        if span is None:
            found[part] = None
        else:
            found |= {f"{span.prefix}{n:0{span.width}d}": None for n in range(span.first, span.last + 1)}
    return list(found)


def lot_quantity(start: str, end: str, quantity: int | None) -> int:
    """The quantity of a row: of the range where there is one, and the number typed must agree with it."""
    if not end:
        if quantity and quantity > 1:
            raise RangeProblem(_("数量大于 1 时请填写止编号,或逐台录入"))
        return 1
    count = serial_range(start, end).count
    if quantity not in (None, count):
        raise RangeProblem(
            _("起止编号共 %(count)d 台,与数量 %(quantity)d 不符") % {"count": count, "quantity": quantity}
        )
    return count
