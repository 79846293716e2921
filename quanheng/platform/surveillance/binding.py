"""Which entry of the owner's ledger a meter of an area is: one instrument, or the lot whose range holds its number."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel.models import Organisation


def entries_of(owner: Organisation, serials: Collection[str]) -> Mapping[str, Instrument]:
    """Serial number → instrument. A number that stands twice names nobody; a lot answers for what is not by itself."""
    wanted = set(serials) - {""}
    mine = Instrument.objects.filter(organisation__path__startswith=owner.path).exclude(state="scrapped")
    single: dict[str, list[Instrument]] = {}
    for item in mine.filter(serial_number__in=wanted, serial_to="").select_related("organisation", "category"):
        single.setdefault(item.serial_number, []).append(item)
    lots = list(mine.exclude(serial_to="").select_related("organisation", "category"))
    found = {}
    for serial in wanted:
        named = single.get(serial, [])
        entry = named[0] if len(named) == 1 else next((x for x in lots if _within(serial, x)), None)
        if entry is not None:
            found[serial] = entry
    return found


def _within(serial: str, lot: Instrument) -> bool:
    low, high = lot.serial_number, lot.serial_to
    return len(serial) == len(low) == len(high) and low <= serial <= high
