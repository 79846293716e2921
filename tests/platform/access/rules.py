"""Who gets through which address of our side's things, and who may change something there. Everybody else is refused.

A route that is not named here makes the matrix fail: whoever adds an address says here for whom it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.platform.access.scene import PARTS, House

INSTITUTE = frozenset({"receptionist", "verifier", "checker", "signatory", "manager"})
STAFF = INSTITUTE | {"regulator"}
OURS = frozenset(PARTS)
ADMINS = frozenset({"administrator", "security admin"})
WATCHERS = ADMINS | {"audit admin"}
ROLELESS = frozenset({"nobody", "unknown role"})


def both(*parts: str) -> frozenset[str]:
    """The parts on either side: pages that show each side its own."""
    return frozenset(parts) | {f"other {part}" for part in parts}


EVERY_ROLE = both(*PARTS) | WATCHERS
EVERYBODY = EVERY_ROLE | ROLELESS
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rule:
    """Who reads it (GET answers with a page), who changes something by posting ``data`` (an event is recorded)."""

    readers: frozenset[str]
    writers: frozenset[str] = NOBODY
    data: Mapping[str, Any] = field(default_factory=dict)
    path: Callable[[House], tuple[Any, ...]] = lambda house: ()
    query: Callable[[House], str] = lambda house: ""
    postable: bool = False  # read only by POST


def of(name: str) -> Callable[[House], tuple[Any, ...]]:
    """The id of one thing of the house fills the address."""
    return lambda house: (getattr(house, name).pk,)


WHY = {"reason": "试一试"}
person, standard, instrument, batch, record, document, task = (
    (lambda h: (h.cast.verifier.pk,)),
    *map(of, ("standard", "instrument", "batch", "record", "document", "task")),
)


def watched(name: str) -> Callable[[House], tuple[Any, ...]]:
    """The id of one thing that is watched by its data."""
    return lambda house: (getattr(house.watched, name).pk,)


def application(house: House) -> tuple[Any, ...]:
    """The application behind the open task."""
    return (house.task.application_id,)


def kind(_house: House) -> tuple[Any, ...]:
    """The import of a ledger."""
    return ("instruments",)


TOKEN_OF = frozenset({"keeper", "administrator"})
ENTERING = both("manager") | {"administrator"}
KEEPERS = both("keeper", "manager")
MANAGERS = both("manager") | ADMINS
MANAGES = frozenset({"manager"}) | ADMINS
MANAGERS_OF = frozenset({"manager", "administrator"})
AUTHORISERS = MANAGERS_OF | {"regulator"}
SEES_RECORDS = STAFF
SEES_ITEM = frozenset({"keeper", "regulator"})
RECEPTION = frozenset({"receptionist", "manager"})
SUPERVISORS = both("regulator")
WATCHERS_OF = both("keeper", "regulator")

RULES: dict[str, Rule] = {
    "": Rule(EVERYBODY),
    "accounts/profile/": Rule(EVERYBODY),
    "accounts/second-factor/": Rule(EVERYBODY),
    "accounts/confirmation/": Rule(EVERYBODY),
    "administration/people/": Rule(MANAGERS),
    "administration/people/new/": Rule(ENTERING),
    "administration/people/<uuid:user_id>/": Rule(MANAGES, path=person),
    "administration/people/<uuid:user_id>/invite/": Rule(
        MANAGES, frozenset({"security admin"}), path=person, postable=True
    ),
    "administration/people/<uuid:user_id>/grant/": Rule(MANAGERS_OF, path=person),
    "administration/people/<uuid:user_id>/grants/<int:grant_id>/end/": Rule(
        MANAGERS_OF, MANAGERS_OF, WHY, lambda h: (h.cast.verifier.pk, h.grant.pk)
    ),
    "administration/people/<uuid:user_id>/state/": Rule(MANAGERS_OF, MANAGERS_OF, {"active": "", **WHY}, person),
    "administration/people/<uuid:user_id>/release/": Rule(MANAGES, data=WHY, path=person),  # nobody is locked here
    "administration/people/<uuid:user_id>/name/": Rule(MANAGERS_OF, MANAGERS_OF, {"name": "改名", **WHY}, person),
    "administration/people/<uuid:user_id>/confirm/": Rule(MANAGERS_OF, path=lambda h: (h.newcomer.pk,)),
    "administration/people/<uuid:user_id>/reset-second-factor/": Rule(
        frozenset({"security admin"}), frozenset({"security admin"}), WHY, lambda h: (h.cast.signatory.pk,)
    ),
    "administration/organisations/": Rule(MANAGERS),
    "administration/organisations/new/": Rule(ENTERING),
    "administration/organisations/<uuid:organisation_id>/": Rule(MANAGES, path=lambda h: (h.cast.institute.pk,)),
    "administration/audit/": Rule(both("keeper", "manager", "regulator") | {"audit admin"}),
    "administration/audit/<int:pk>/": Rule(frozenset({"keeper", "regulator", "audit admin"}), path=of("event")),
    "administration/audit/seals/": Rule(frozenset({"audit admin"})),
    "administration/audit/seals/check/": Rule(frozenset({"audit admin"}), postable=True),
    "administration/tokens/": Rule(EVERY_ROLE),
    "administration/tokens/new/": Rule(both(*PARTS) | {"administrator"}),
    "administration/tokens/<uuid:pk>/": Rule(TOKEN_OF, path=of("token")),
    "administration/tokens/<uuid:pk>/revoke/": Rule(TOKEN_OF, TOKEN_OF, WHY, of("token")),
    "search/": Rule(EVERYBODY),
    "notices/": Rule(EVERYBODY),
    "notices/read/": Rule(EVERYBODY, postable=True),
    "notices/<int:notice_id>/": Rule(frozenset({"keeper"}), path=of("notice"), postable=True),
    "compute/": Rule(EVERY_ROLE),
    "compute/<slug:task>/": Rule(EVERY_ROLE, path=lambda h: ("uncertainty",)),
    "law/": Rule(EVERYBODY),
    "law/<int:pk>/": Rule(EVERYBODY, path=of("law_item")),
    "law/coverage/": Rule(EVERYBODY),
    "catalog/": Rule(EVERYBODY),
    "catalog/<int:pk>/": Rule(EVERYBODY, path=lambda h: (h.instrument.category_id,)),
    "catalog/norms/": Rule(EVERYBODY),
    "catalog/norms/<int:pk>/": Rule(EVERYBODY, path=lambda h: (h.task.norm_id,)),
    "parties/licences/": Rule(both(*STAFF) | {"administrator"}),
    "parties/licences/add/": Rule(both("manager") | {"administrator"}),
    "parties/licences/<uuid:pk>/withdraw/": Rule(MANAGERS_OF, MANAGERS_OF, WHY, of("licence")),
    "parties/authorisations/": Rule(both(*STAFF) | {"administrator"}),
    "parties/authorisations/add/": Rule(both("manager", "regulator") | {"administrator"}),
    "parties/authorisations/<uuid:pk>/withdraw/": Rule(AUTHORISERS, AUTHORISERS, WHY, of("authorisation")),
    "trace/": Rule(EVERY_ROLE),
    "trace/audit/": Rule(both(*STAFF) | {"administrator"}),
    "trace/<uuid:pk>/": Rule(STAFF, path=standard),
    "trace/<uuid:pk>/recall/": Rule(STAFF, path=standard),
    "instruments/": Rule(both(*PARTS)),
    "instruments/add/": Rule(KEEPERS),
    "instruments/filings/": Rule(SUPERVISORS),
    "instruments/filings/return/": Rule(SUPERVISORS),
    "instruments/districts/": Rule(SUPERVISORS),
    "instruments/duplicates/": Rule(SUPERVISORS),
    "instruments/transfer/": Rule(KEEPERS),
    "instruments/imports/": Rule(KEEPERS | {"administrator"}),
    "instruments/imports/<slug:kind>/new/": Rule(KEEPERS, path=kind),
    "instruments/imports/<slug:kind>/template/": Rule(KEEPERS | {"administrator"}, path=kind),
    "instruments/imports/<uuid:pk>/": Rule(frozenset({"keeper"}), frozenset({"keeper"}), {"do": "mend"}, batch),
    "instruments/imports/<uuid:pk>/rejected/": Rule(frozenset({"keeper"}), path=batch),
    "instruments/reminders/": Rule(KEEPERS | {"administrator"}),
    "instruments/reminders/days/": Rule(KEEPERS),
    "instruments/<uuid:pk>/": Rule(SEES_ITEM | INSTITUTE, path=instrument),
    "instruments/<uuid:pk>/preview/": Rule(SEES_ITEM, path=instrument),
    "instruments/<uuid:pk>/edit/": Rule(frozenset({"keeper"}), path=instrument),
    "instruments/<uuid:pk>/step/": Rule(
        frozenset({"keeper"}), frozenset({"keeper"}), {"step": "stop", **WHY}, instrument, lambda h: "step=stop"
    ),
    "instruments/<uuid:pk>/take/": Rule(
        frozenset(), path=instrument
    ),  # of a lot only: tests/platform/instruments/test_lots.py
    "instruments/<uuid:pk>/move/": Rule(frozenset({"keeper"}), path=instrument),
    "instruments/<uuid:pk>/label/": Rule(SEES_ITEM, path=instrument),
    "standards/": Rule(both(*PARTS)),
    "standards/add/": Rule(both("keeper", "verifier", "manager")),
    "standards/<uuid:pk>/": Rule(STAFF, path=standard),
    "standards/<uuid:pk>/edit/": Rule(frozenset({"verifier", "manager"}), path=standard),
    "standards/<uuid:pk>/certificate/": Rule(frozenset({"verifier", "manager"}), path=standard),
    "standards/<uuid:pk>/step/": Rule(
        frozenset({"manager"}), frozenset({"manager"}), {"step": "suspend", **WHY}, standard, lambda h: "step=suspend"
    ),
    "verification/applications/": Rule(EVERY_ROLE),
    "verification/applications/new/": Rule(KEEPERS),
    "verification/applications/<uuid:pk>/": Rule(OURS, path=application),
    "verification/applications/<uuid:pk>/edit/": Rule(frozenset({"keeper"}), path=of("returned")),
    "verification/applications/<uuid:pk>/step/": Rule(
        RECEPTION, NOBODY, {"step": "return", **WHY}, application, lambda h: "step=return"
    ),
    "verification/applications/<uuid:pk>/slip/": Rule(OURS, path=application),
    "verification/tasks/": Rule(both(*PARTS)),
    "verification/tasks/assign/": Rule(frozenset({"receptionist", "manager"}), query=lambda h: f"t={h.task.pk}"),
    "verification/tasks/handover/": Rule(INSTITUTE, INSTITUTE, {"direction": "in"}, query=lambda h: f"t={h.task.pk}"),
    "verification/tasks/<uuid:pk>/": Rule(OURS, path=task),
    "verification/tasks/<uuid:pk>/norm/": Rule(
        RECEPTION, NOBODY, {"norm": "0"}, lambda h: (h.returned.tasks.get().pk,)
    ),
    "verification/tasks/<uuid:pk>/step/": Rule(
        RECEPTION, NOBODY, {"step": "cancel", **WHY}, task, lambda h: "step=cancel"
    ),
    "verification/tasks/<uuid:pk>/handover/": Rule(INSTITUTE, INSTITUTE, {"direction": "in"}, task),
    "verification/schedule/": Rule(both(*INSTITUTE)),
    "certificates/": Rule(EVERY_ROLE),
    "certificates/read/": Rule(EVERY_ROLE),
    "certificates/roots/": Rule(EVERY_ROLE),
    "certificates/intake/": Rule(both("keeper", "verifier", "manager")),
    "certificates/intake/<uuid:pk>/": Rule(
        frozenset({"verifier", "manager"}), frozenset({"verifier", "manager"}), {"do": "mend"}, of("intake")
    ),
    "certificates/intake/<uuid:pk>/<int:position>/": Rule(
        frozenset({"verifier", "manager"}), path=lambda h: (h.intake.pk, 0)
    ),
    "certificates/foreign/": Rule(EVERY_ROLE),
    "certificates/foreign/<uuid:pk>/": Rule(STAFF, path=of("foreign")),
    "certificates/foreign/<uuid:pk>/file/": Rule(STAFF, path=of("foreign")),
    "certificates/prepared/": Rule(both(*STAFF)),
    "certificates/prepared/new/": Rule(both("verifier")),
    "certificates/prepared/schema/": Rule(both(*STAFF)),
    "certificates/prepared/<uuid:pk>/": Rule(STAFF, path=of("prepared")),
    "certificates/prepared/<uuid:pk>/preview.pdf": Rule(STAFF, path=of("prepared")),
    "certificates/prepared/<uuid:pk>/act/<str:act>/": Rule(
        STAFF, frozenset({"checker"}), {}, lambda h: (h.prepared.pk, "check")
    ),
    "certificates/<uuid:pk>/": Rule(OURS, path=document),
    "certificates/<uuid:pk>/file/<str:kind>": Rule(OURS, path=lambda h: (h.document.pk, "pdf")),
    "certificates/<uuid:pk>/replace/": Rule(frozenset({"signatory"}), path=document),
    "certificates/<uuid:pk>/revoke/": Rule(
        frozenset({"signatory"}), NOBODY, {"void_from": "2026-10-12", **WHY}, document
    ),
    "certificates/tasks/<uuid:pk>/record/": Rule(OURS, path=task),
    "certificates/records/": Rule(both(*SEES_RECORDS)),
    "certificates/records/batch/<str:act>/": Rule(both("checker"), path=lambda h: ("check",)),
    "certificates/records/<uuid:pk>/": Rule(SEES_RECORDS, path=record),
    "certificates/records/<uuid:pk>/evaluate/": Rule(SEES_RECORDS, path=record),
    "certificates/records/<uuid:pk>/save/": Rule(SEES_RECORDS, path=record),
    "certificates/records/<uuid:pk>/presence/": Rule(SEES_RECORDS, path=record),
    "certificates/records/<uuid:pk>/readings.csv": Rule(SEES_RECORDS, path=record),
    "certificates/records/<uuid:pk>/submit/": Rule(SEES_RECORDS, path=record),
    "certificates/records/<uuid:pk>/raw.pdf": Rule(SEES_RECORDS, path=record),
    "certificates/records/<uuid:pk>/review/": Rule(SEES_RECORDS, path=record),
    "certificates/records/<uuid:pk>/preview/<int:page>.png": Rule(SEES_RECORDS, path=lambda h: (h.record.pk, 1)),
    "certificates/records/<uuid:pk>/preview.pdf": Rule(SEES_RECORDS, path=record),
    "certificates/records/<uuid:pk>/act/<str:act>/": Rule(
        SEES_RECORDS, frozenset({"checker"}), {}, lambda h: (h.record.pk, "check")
    ),
    "certificates/records/<uuid:pk>/step/": Rule(frozenset({"verifier", "manager"}), NOBODY, WHY, record),
    "surveillance/": Rule(WATCHERS_OF),
    "surveillance/districts/<str:code>/": Rule(SEES_ITEM, path=lambda h: (h.watched.area.region_id,)),
    "surveillance/utilities/<uuid:pk>/": Rule(SEES_ITEM, path=lambda h: (h.watched.area.organisation_id,)),
    "surveillance/rules/": Rule(WATCHERS_OF),
    "surveillance/areas/<uuid:pk>/piles/": Rule(SEES_ITEM, path=watched("station")),
    "surveillance/meters/<uuid:pk>/session/": Rule(SEES_ITEM, path=watched("pile"), query=lambda h: "transaction=T1"),
    "surveillance/events/": Rule(WATCHERS_OF),
    "surveillance/events/<uuid:pk>/": Rule(SEES_ITEM, SEES_ITEM, {"handling": "已查"}, watched("event")),
    "surveillance/pile-alarms/": Rule(WATCHERS_OF),
    "surveillance/pile-alarms/<uuid:pk>/": Rule(SEES_ITEM, SEES_ITEM, {"handling": "已查"}, watched("pile_alarm")),
    "surveillance/lifecycle/": Rule(WATCHERS_OF),
    "surveillance/lots/": Rule(WATCHERS_OF),
    "surveillance/extensions/": Rule(WATCHERS_OF),
    "surveillance/extensions/new/": Rule(both("keeper")),
    "surveillance/extensions/<uuid:pk>/": Rule(SEES_ITEM, path=watched("extension")),
    "surveillance/extensions/<uuid:pk>/<slug:step>/": Rule(
        frozenset({"regulator"}), frozenset({"regulator"}), WHY, lambda h: (h.watched.extension.pk, "refuse")
    ),
    "surveillance/areas/": Rule(WATCHERS_OF),
    "surveillance/areas/<uuid:pk>/rule/": Rule(SEES_ITEM, SEES_ITEM, {"rule": "", **WHY}, watched("area")),
    "surveillance/areas/<uuid:pk>/": Rule(SEES_ITEM, path=watched("area")),
    "surveillance/areas/<uuid:pk>/quality/": Rule(SEES_ITEM, path=watched("area")),
    "surveillance/areas/<uuid:pk>/quality/report/": Rule(SEES_ITEM, path=watched("area")),
    "surveillance/areas/<uuid:pk>/readings.csv": Rule(SEES_ITEM, path=watched("area")),
    "surveillance/areas/<uuid:pk>/evidence/<int:version>.json": Rule(
        SEES_ITEM, path=lambda h: (h.watched.area.pk, h.watched.evaluation.version)
    ),
    "surveillance/quality/": Rule(WATCHERS_OF),
    "surveillance/meters/": Rule(WATCHERS_OF),
    "surveillance/meters/<uuid:pk>/": Rule(SEES_ITEM, path=watched("meter")),
    "surveillance/meters/<uuid:pk>/check/": Rule(SEES_ITEM, SEES_ITEM, WHY, watched("meter")),
    "surveillance/runs/": Rule(WATCHERS_OF),
    "surveillance/runs/new/": Rule(WATCHERS_OF),
    "surveillance/runs/<uuid:pk>/": Rule(SEES_ITEM, path=watched("run")),
    "surveillance/checks/": Rule(both(*PARTS)),
    "surveillance/checks/<uuid:pk>/": Rule(SEES_ITEM, path=watched("check")),
    "surveillance/checks/<uuid:pk>/print/": Rule(SEES_ITEM, path=watched("check")),
    "surveillance/checks/<uuid:pk>/apply/": Rule(frozenset({"keeper"}), path=watched("check")),
    "surveillance/checks/<uuid:pk>/replace/": Rule(frozenset({"keeper"}), path=watched("check")),
    "surveillance/checks/<uuid:pk>/cancel/": Rule(SEES_ITEM, SEES_ITEM, WHY, watched("check")),
    "surveillance/requests/": Rule(WATCHERS_OF),
    "surveillance/requests/<uuid:pk>/": Rule(SEES_ITEM, SEES_ITEM, {"answer": "已核"}, watched("request")),
    "surveillance/batches/": Rule(WATCHERS_OF),
    "surveillance/batches/new/": Rule(both("keeper")),
    "surveillance/batches/<uuid:pk>/": Rule(SEES_ITEM, frozenset({"keeper"}), {"do": "retry"}, watched("batch")),
    "surveillance/batches/<uuid:pk>/rejected/": Rule(SEES_ITEM, path=watched("batch")),
    "surveillance/letters/": Rule(WATCHERS_OF, both("keeper"), {"do": "resend"}),
}
