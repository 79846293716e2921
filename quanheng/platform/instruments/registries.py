"""What upper apps know about instruments and add to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quanheng.platform.kernel.registries import Registry

if TYPE_CHECKING:
    import uuid

    from django.db.models import Q
    from django_stubs_ext import StrPromise

    from quanheng.platform.instruments.models import Instrument
    from quanheng.platform.kernel.actors import Actor
    from quanheng.platform.kernel.policies import Decision
    from quanheng.platform.web.components import Moment


@dataclass(frozen=True)
class InstrumentTab:
    """A tab of an instrument's page: a template and the context it needs. ``order`` sorts them.

    ``at_work``: also shown to an institute that only verifies the instrument.
    """

    label: str | StrPromise
    order: int
    template: str
    context: Callable[[Actor, Instrument], Mapping[str, Any]]
    shown: Callable[[Actor, Instrument], bool] = lambda _actor, _instrument: True
    at_work: bool = False


@dataclass(frozen=True)
class Act:
    """Something to start with chosen instruments, which it takes as ``?i=…``: a batch button and a button on the page.

    ``may`` is asked on the page, and its reason shown; ``offered`` says who is shown the batch button at all.
    """

    label: str | StrPromise
    icon: str
    url_name: str
    offered: Callable[[Actor], bool]
    may: Callable[[Actor, Instrument], Decision]


OnFiled = Callable[[Sequence["Instrument"], "Actor"], None]
InUse = Callable[[Iterable["uuid.UUID"]], "set[uuid.UUID]"]
AtWork = Callable[["Actor"], "Q"]
Pending = Callable[[], "Q"]
Underway = Callable[["Instrument"], "Sequence[str]"]
Happened = Callable[["Actor", "Instrument"], "Iterable[Moment]"]

TABS: Registry[InstrumentTab] = Registry("instrument_tabs")
ACTS: Registry[Act] = Registry("instrument_acts")
ON_FILED: Registry[OnFiled] = Registry("instrument_filed")
AT_WORK: Registry[AtWork] = Registry("instrument_at_work")
PENDING: Registry[Pending] = Registry("instrument_pending")
USED_BY: Registry[InUse] = Registry("instrument_used_by")
UNDERWAY: Registry[Underway] = Registry("instrument_underway")
TIMELINE: Registry[Happened] = Registry("instrument_timeline")
