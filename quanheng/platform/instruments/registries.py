"""What upper apps know about instruments and add to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quanheng.platform.kernel.registries import Registry

if TYPE_CHECKING:
    import uuid

    from django_stubs_ext import StrPromise

    from quanheng.platform.instruments.models import Instrument
    from quanheng.platform.kernel.actors import Actor
    from quanheng.platform.kernel.policies import Decision


@dataclass(frozen=True)
class Tab:
    """A tab of an instrument's page: a template and the context it needs. ``order`` sorts them."""

    label: str | StrPromise
    order: int
    template: str
    context: Callable[[Actor, Instrument], Mapping[str, Any]]
    shown: Callable[[Actor, Instrument], bool] = lambda _actor, _instrument: True


@dataclass(frozen=True)
class Act:
    """Something to do with chosen instruments: a button on the list and on the page, with a reason where it is shut."""

    label: str | StrPromise
    order: int
    url: str
    may: Callable[[Actor, Instrument], Decision]
    primary: Callable[[Instrument], bool] = lambda _instrument: False


@dataclass(frozen=True)
class ChainMark:
    """How far an instrument's chain is proven: ``proven``, ``declared``, ``broken`` or ``none``."""

    key: str
    label: str


OnFiled = Callable[[Sequence["Instrument"], "Actor"], None]
InUse = Callable[[Iterable["uuid.UUID"]], "set[uuid.UUID]"]
Chains = Callable[["Actor", Sequence["Instrument"]], "Mapping[uuid.UUID, ChainMark]"]

TABS: Registry[Tab] = Registry("instrument_tabs")
ACTS: Registry[Act] = Registry("instrument_acts")
ON_FILED: Registry[OnFiled] = Registry("instrument_filed")
USED_BY: Registry[InUse] = Registry("instrument_used_by")
CHAINS: Registry[Chains] = Registry("instrument_chains")
