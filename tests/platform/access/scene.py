"""Two neighbours of equal make, each with a full house: what one has, the other must never reach."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import get_resolver

from quanheng.platform.certificates.models import ForeignCertificate, PreparedDocument, Record
from quanheng.platform.certificates.prepared import prepare
from quanheng.platform.documents import ledger
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.services import submit_filing
from quanheng.platform.kernel import clock, imports, tokens
from quanheng.platform.kernel.models import ApiToken, AuditEvent, ImportBatch, Notice, RoleGrant, StoredFile, User
from quanheng.platform.kernel.sheets import write_xlsx
from quanheng.platform.law.models import LawItem
from quanheng.platform.parties.models import Authorisation, Licence
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.surveillance import sealing
from quanheng.platform.surveillance.models import (
    Area,
    AreaMeter,
    ChargeSample,
    CheckRequest,
    DeviceEvent,
    Evaluation,
    EvaluationRun,
    PeriodExtension,
    PileAlarm,
    ReadingBatch,
    ReadingSource,
    SiteCheck,
)
from quanheng.platform.verification import services as verification
from quanheng.platform.verification.models import Application, Task
from tests.platform import makers
from tests.platform.cast import Cast, make_cast
from tests.platform.certificates import foreign_files, steps
from tests.platform.certificates.steps import make_given

PARTS = ("keeper", "receptionist", "verifier", "checker", "signatory", "manager", "regulator")


@dataclass(frozen=True)
class Watched:
    """A utility's area with a meter, a check of another, a run, and a household's request."""

    area: Area
    meter: AreaMeter
    check: SiteCheck
    run: EvaluationRun
    request: CheckRequest
    batch: ReadingBatch
    evaluation: Evaluation
    extension: PeriodExtension
    event: DeviceEvent
    station: Area
    pile: AreaMeter
    pile_alarm: PileAlarm


@dataclass(frozen=True)
class House:
    """One side: its people and one of everything they own."""

    cast: Cast
    instrument: Instrument
    draft: Instrument
    task: Task
    record: Record
    document: Document
    standard: MeasurementStandard
    batch: ImportBatch
    notice: Notice
    grant: RoleGrant
    newcomer: User
    licence: Licence
    authorisation: Authorisation
    law_item: LawItem
    event: AuditEvent
    token: ApiToken
    watched: Watched
    intake: ImportBatch
    foreign: ForeignCertificate
    prepared: PreparedDocument
    returned: Application

    def secrets(self) -> list[str]:
        """Words that nobody outside this side may read anywhere."""
        cast = self.cast
        people = [getattr(cast, part).name for part in PARTS]
        own = [cast.shop.name, self.instrument.serial_number, self.draft.serial_number, self.draft.code]
        watched = [self.watched.area.code, self.watched.meter.meter_id, self.watched.check.number]
        watched.append(self.foreign.number)
        return [*people, *own, *watched, self.task.application.number, self.standard.code, self.document.number]


@dataclass(frozen=True)
class Scene:
    """Our side, the other side, and people who belong to neither."""

    ours: House
    theirs: House
    outsiders: dict[str, User]

    def members(self) -> dict[str, User]:
        """Everybody who can sign in, by the name the table uses."""
        ours = {part: getattr(self.ours.cast, part) for part in PARTS}
        theirs = {f"other {part}": getattr(self.theirs.cast, part) for part in PARTS}
        return {**ours, **theirs, **self.outsiders}


def make_scene() -> Scene:
    """Both houses, furnished by the services of the product."""
    first = make_cast()
    outsiders = {
        "administrator": first.administrator,
        "security admin": first.security,
        "audit admin": makers.make_user("许审计", first.bureau, "audit_admin"),
        "nobody": first.nobody,
        "unknown role": makers.make_user("尤未知", first.shop, "superuser"),
    }
    ours, theirs = furnish(first), furnish(_neighbour())
    for user in (*outsiders.values(), first.signatory, theirs.cast.signatory):
        steps.code_of(user)
    return Scene(ours, theirs, outsiders)


def _neighbour() -> Cast:
    region = makers.make_region("990203", "南浦县")
    shop = makers.make_organisation("南浦渔行", region=region)
    institute = makers.make_organisation("南浦县检定所", "institute", region=region)
    bureau = makers.make_organisation("南浦县市场监督管理局", "regulator", region=region)
    roles = {
        "keeper": ("何掌柜", shop, "enterprise"),
        "receptionist": ("吕受理", institute, "receptionist"),
        "verifier": ("施检定", institute, "verifier"),
        "checker": ("张核验", institute, "checker"),
        "signatory": ("孔签发", institute, "signatory"),
        "manager": ("曹主任", institute, "lab_manager"),
        "regulator": ("严监管", bureau, "regulator"),
    }
    people = {part: makers.make_user(*values) for part, values in roles.items()}
    norm = makers.make_norm()
    makers.make_authorisation(institute, norm)
    for part, duty in (("verifier", "verify"), ("checker", "check"), ("signatory", "sign")):
        makers.make_licence(people[part], duty, norm)
    nobody = people["keeper"]
    rest: dict[str, Any] = {
        "rival_keeper": nobody,
        "other_regulator": nobody,
        "administrator": nobody,
        "security": nobody,
        "nobody": nobody,
    }
    places: dict[str, Any] = {"rival": shop, "other_bureau": bureau}
    return Cast(shop=shop, institute=institute, bureau=bureau, **places, **people, **rest)


def _returned(cast: Cast) -> Application:
    """An application that the institute sent back."""
    keeper = cast.actor("keeper")
    made = verification.create_application(
        actor=keeper,
        organisation=cast.shop,
        institute=cast.institute,
        instruments=[makers.make_instrument(cast.shop, region=cast.shop.region)],
        delivery="sent_in",
    )
    verification.submit_application(actor=keeper, application=made)
    return verification.return_application(actor=cast.actor("receptionist"), application=made, reason="缺联系电话")


def furnish(cast: Cast) -> House:
    """One certificate, one record on the way, one draft, one standard, one import, one notice."""
    standard = steps.make_weights(cast, number=f"LX-{cast.shop.region_id}")
    signed = steps.signed(cast)
    assert signed.document is not None
    open_record = steps.submitted(cast)
    draft = makers.make_instrument(cast.shop, state="draft", region=cast.shop.region)
    returned = _returned(cast)
    filing = makers.make_instrument(cast.shop, state="draft", region=cast.shop.region)
    submit_filing(actor=cast.actor("keeper"), instruments=[filing])
    titles = ["器具名称", "项别/种别", "出厂编号", "用途"]
    rows = [["电子计价秤", "电子秤", f"IMP-{cast.shop.region_id}", "打仗"]]
    batch, _found = imports.preview(
        actor=cast.actor("keeper"),
        kind="instruments",
        organisation=cast.shop,
        data=write_xlsx(titles, rows),
        name=f"{cast.shop.name}.xlsx",
    )
    # Of another set: where an imported certificate ends, the chain of the set it speaks of ends too.
    spare = steps.make_weights(cast, number=f"BY-{cast.shop.region_id}")
    return House(
        cast=cast,
        instrument=signed.instrument,
        draft=draft,
        task=open_record.task,
        record=open_record,
        document=signed.document,
        standard=standard,
        batch=batch,
        notice=Notice.objects.create(user=cast.keeper, kind="due", key="1", text=f"{cast.shop.name}到期", url="/"),
        grant=RoleGrant.objects.get(user=cast.verifier),
        newcomer=make_newcomer(cast),
        licence=Licence.objects.get(user=cast.verifier),
        authorisation=Authorisation.objects.get(organisation=cast.institute),
        law_item=make_law_item(),
        event=AuditEvent.objects.get(verb="instruments.file", subject_id=str(filing.pk)),
        token=make_token(cast),
        watched=make_watched(cast),
        intake=foreign_files.hand_in(cast.actor("manager"), cast.institute, number=f"NN-{cast.shop.region_id}-2"),
        prepared=prepare_content(cast, standard),
        returned=returned,
        foreign=foreign_files.bring_in(cast.actor("manager"), spare, number=f"NN-{cast.shop.region_id}-1"),
    )


def make_newcomer(cast: Cast) -> User:
    """A new signatory whose link was used, and whom nobody has confirmed."""
    user = makers.make_user(f"新签{cast.shop.region_id}", cast.institute, "signatory")
    user.awaiting_confirmation = True
    user.save(update_fields=["awaiting_confirmation"])
    return user


def prepare_content(cast: Cast, standard: MeasurementStandard) -> PreparedDocument:
    """A calibration certificate whose content was handed in."""
    return prepare(
        actor=cast.actor("verifier"),
        organisation=cast.institute,
        kind="calibration_certificate",
        data=make_given(number_of_standard=standard.code),
        record=b"raw",
        record_name=f"{cast.institute.name}.txt",
    )


def make_watched(cast: Cast) -> Watched:
    """What the shop, as a utility, has watched."""
    place = {"organisation": cast.shop, "region": cast.shop.region}
    area = Area.objects.create(code=f"TQ-{cast.shop.region_id}", name=f"{cast.shop.name}台区", meters=2, **place)
    meter, other = (
        AreaMeter.objects.create(
            area=area, meter_id=f"DB-{cast.shop.region_id}-{n}", role="sub", public_code=f"P{cast.shop.region_id}{n}"
        )
        for n in range(2)
    )
    check = SiteCheck.objects.create(
        number=f"HC-{cast.shop.region_id}", meter=other, reason="疑", state="open", **place
    )
    today = clock.today()
    run = EvaluationRun.objects.create(
        since=today, until=today, requested_name=cast.keeper.name, total=1, done=1, state="done", **place
    )
    asked = CheckRequest.objects.create(receipt=f"R{cast.shop.region_id}", meter=meter, text="偏快", **place)
    evaluation = Evaluation.objects.create(
        area=area, run=run, version=1, since=today, until=today, fit="ok", limit=0.02
    )
    sealing.seal(evaluation, [])
    ledger.merge_leaves()
    return Watched(
        area,
        meter,
        check,
        run,
        asked,
        make_batch(cast),
        evaluation,
        make_extension(cast),
        make_report(cast),
        *make_station(cast),
    )


def make_station(cast: Cast) -> tuple[Area, AreaMeter, PileAlarm]:
    """A charging station with one pile that sent one value."""
    region = cast.shop.region
    station = Area.objects.create(
        code=f"CS-{region.pk}", profile="charging-station", organisation=cast.shop, region=region
    )
    pile = AreaMeter.objects.create(area=station, meter_id=f"CS-{region.pk}/1", role="sub", public_code=f"C{region.pk}")
    energy = "Energy.Active.Import.Register"
    ChargeSample.objects.create(meter=pile, at=clock.now(), measurand=energy, value=1.0, transaction="T1")
    alarm = PileAlarm.objects.create(meter=pile, organisation=cast.shop, region=region, kind="power", level="alarm")
    return station, pile, alarm


def make_report(cast: Cast) -> DeviceEvent:
    """An instrument of the shop said that its cover was opened."""
    item = makers.make_instrument(cast.shop, region=cast.shop.region)
    return DeviceEvent.objects.create(
        instrument=item, organisation=cast.shop, region=cast.shop.region, kind="cover_opened", level="alarm",
        happened_at=clock.now(), source="s", key="1",
    )  # fmt: skip


def make_extension(cast: Cast) -> PeriodExtension:
    """A lot that the shop wants to use longer."""
    grade = {"judged": 30, "expected_wrong": 0.001, "upper90": 0.02, "verdict": "accept"}
    evidence = {"grade": grade, "method": "x", "limiting_quality": "0.05", "evaluations": [], "waiting": 0}
    return PeriodExtension.objects.create(
        number=f"YQ-{cast.shop.region_id}", state="proposed", organisation=cast.shop, region=cast.shop.region, lot="P1",
        rule="catalogue-state", months=12, reason="稳定", meters=30, evidence=evidence, evidence_sha256="0" * 64,
        proposed_name=cast.keeper.name,
    )  # fmt: skip


def make_batch(cast: Cast) -> ReadingBatch:
    """A file of readings that was taken in."""
    file = StoredFile.objects.create(sha256="0" * 64, name="抄表.csv", size=1, content_type="text/csv")
    source = ReadingSource.objects.create(organisation=cast.shop, name="采集系统")
    return ReadingBatch.objects.create(source=source, file=file, state="done", created_name=cast.keeper.name)


def make_token(cast: Cast) -> ApiToken:
    """A token with which the shop's keeper reads certificates by machine."""
    get_resolver().url_patterns  # noqa: B018  (the scopes come with the addresses of the API)
    scopes = [tokens.offered(cast.actor("keeper"), cast.shop, cast.keeper)[0].name]
    return tokens.issue(
        actor=cast.actor("keeper"),
        organisation=cast.shop,
        user=cast.keeper,
        name=f"{cast.shop.name} ERP",
        scopes=scopes,
        expires_at=clock.now() + dt.timedelta(days=30),
    )[0]


def make_law_item() -> LawItem:
    """An item of the law, the same for both sides."""
    words = {"title": "检定收费", "source": "测试", "verified": "no", "body_sha256": "0" * 64}
    return LawItem.objects.get_or_create(kind="rule", code="fees", edition="2026", defaults=words)[0]
