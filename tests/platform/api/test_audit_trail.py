"""The audit trail in words: who sees what, how it is filtered and exported, and whether it is sealed."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client

import quanheng.platform
from quanheng.platform.instruments import services
from quanheng.platform.kernel import actors, clock, events, sealing
from quanheng.platform.kernel.models import AuditEvent, RoleGrant
from quanheng.platform.kernel.workflow import WORKFLOWS
from quanheng.platform.project.admin_pages import trail, verbs
from quanheng.platform.verification import services as verification
from tests.platform import makers

PAGE = "/administration/audit/"


def browser(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def stopped(cast):
    item = makers.make_instrument(cast.shop)
    services.edit_instrument(actor=cast.actor("keeper"), instrument=item, origin_place="一楼", reason="补录")
    item.refresh_from_db()
    services.stop(actor=cast.actor("keeper"), instrument=item, reason="淡季停业")
    return item


@pytest.fixture
def auditor(cast):
    user = makers.make_user("蒋审计", cast.bureau)
    RoleGrant.objects.create(user=user, role="audit_admin", organisation=cast.bureau)
    return user


def second_factor_passed(client):
    session = client.session
    session["second_factor"] = True
    session.save()
    return client


def test_the_owner_reads_what_was_done_by_whom_why_and_what_it_changed(cast, stopped):
    text = browser(cast.keeper).get(PAGE).content.decode()
    for words in ("报停", "钱掌柜", "淡季停业", "修改器具", "一楼", "在用 → 报停"):
        assert words in text
    assert "instruments.stop" not in re.sub(r"<option.*?</option>", "", text)


def test_the_page_of_an_event_shows_before_and_after(cast, stopped):
    event = AuditEvent.objects.get(verb="instruments.edited")
    text = browser(cast.keeper).get(f"{PAGE}{event.pk}/").content.decode()
    assert "产地" in text
    assert "<ins>一楼</ins>" in text


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("verb=instruments.stop", "淡季停业", "补录"),
        ("q=钱掌柜", "淡季停业", None),
        ("q=孙掌柜", None, "淡季停业"),
        ("subject_type=verification.task", None, "淡季停业"),
        ("until=2020-01-01", None, "淡季停业"),
        ("since=2020-01-01", "淡季停业", None),
    ],
)
def test_filters(cast, stopped, query, shown, hidden):
    text = browser(cast.keeper).get(f"{PAGE}?{query}").content.decode()
    assert shown is None or shown in text
    assert hidden is None or hidden not in text


def test_only_the_owner_the_region_and_the_auditor_see_it(cast, stopped, auditor):
    event = AuditEvent.objects.get(verb="instruments.stop")

    def sees(user):
        client = second_factor_passed(browser(user))
        return client.get(f"{PAGE}{event.pk}/").status_code

    assert sees(cast.keeper) == sees(auditor) == 200
    for part in ("rival_keeper", "other_regulator", "manager"):
        assert sees(getattr(cast, part)) == 404
    for part in ("nobody", "verifier", "administrator"):
        assert sees(getattr(cast, part)) == 403


def test_a_regulator_sees_an_instrument_from_its_filing_on(cast):
    draft = makers.make_instrument(cast.shop, state="draft")
    keeper = cast.actor("keeper")
    services.edit_instrument(actor=keeper, instrument=draft, location="一楼", reason="草稿阶段")
    draft.refresh_from_db()
    mine = {"subject_type": "instruments.instrument", "subject_id": str(draft.pk)}
    seen = trail.events(cast.actor("regulator")).filter(**mine)
    assert not seen.exists()
    services.submit_filing(actor=keeper, instruments=[draft])
    draft.refresh_from_db()
    services.confirm_filings(actor=cast.actor("regulator"), instruments=[draft])
    assert list(seen.order_by("id").values_list("verb", flat=True)) == [
        "instruments.file",
        "instruments.confirm_filing",
    ]


def test_the_export_holds_whole_changes_and_no_formula(cast):
    item = makers.make_instrument(cast.shop)
    services.edit_instrument(actor=cast.actor("keeper"), instrument=item, specification="x" * 110, reason="=1+1")
    answer = browser(cast.keeper).get(f"{PAGE}?export=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "x" * 110 in text
    assert "'=1+1" in text


def test_every_verb_the_product_writes_has_words():
    source = "".join(p.read_text("utf-8") for p in Path(quanheng.platform.__path__[0]).rglob("*.py"))
    written = set(re.findall(r'(?:record|record_many)\(\s*[\w.()]+,\s*"([a-z_]+\.[a-z_]+)"', source))
    assert len(written) > 25
    assert {v for v in written if verbs.verb_words(v) == v} == set()
    for machine in WORKFLOWS.values():
        for step in machine.transitions:
            assert verbs.verb_words(f"{machine.name}.{step.name}") != f"{machine.name}.{step.name}"
    assert verbs.verb_words("future.verb") == "future.verb"


def test_the_state_of_the_seals_and_their_check(cast, stopped, auditor):
    client = second_factor_passed(browser(auditor))
    with clock.at(clock.now() + dt.timedelta(hours=1)):
        made = sealing.seal()
    assert made.root[:12] in client.get(f"{PAGE}seals/").content.decode()
    assert "全部封存与记录一致" in client.post(f"{PAGE}seals/check/").content.decode()


def test_a_broken_seal_is_named(cast, stopped, auditor, monkeypatch):
    monkeypatch.setattr(sealing, "check", lambda: ["events 1-9: an event differs from what was sealed"])
    text = second_factor_passed(browser(auditor)).post(f"{PAGE}seals/check/").content.decode()
    assert "封存与记录不符" in text
    assert "events 1-9" in text


def test_only_the_auditor_opens_the_seals(cast):
    for part in ("keeper", "manager", "regulator", "nobody"):
        assert browser(getattr(cast, part)).get(f"{PAGE}seals/").status_code == 403


def test_the_history_of_one_thing_is_one_link_away(cast, stopped):
    other = makers.make_instrument(cast.shop)
    services.stop(actor=cast.actor("keeper"), instrument=other, reason="别的器具")
    event = AuditEvent.objects.get(verb="instruments.edited")
    page = browser(cast.keeper).get(f"{PAGE}{event.pk}/").content.decode()
    link = re.search(rf'href="({PAGE}\?[^"]*subject={stopped.pk})"', page.replace("&amp;", "&"))
    text = browser(cast.keeper).get(link[1]).content.decode()
    assert "淡季停业" in text
    assert "别的器具" not in text


def test_people_times_and_things_are_called_by_name(cast, auditor):
    item = makers.make_instrument(cast.shop)
    fields = {"actor": cast.actor("keeper"), "organisation": cast.shop, "institute": cast.institute}
    made = verification.create_application(instruments=[item], delivery="sent_in", **fields)
    verification.submit_application(actor=cast.actor("keeper"), application=made)
    verification.accept_application(actor=cast.actor("receptionist"), application=made)
    task = made.tasks.select_related("organisation", "norm", "instrument", "application").get()
    verification.assign(actor=cast.actor("receptionist"), tasks=[task], verifier=cast.verifier, on=clock.today())
    client = second_factor_passed(browser(auditor))
    page = client.get("/administration/audit/").content.decode()
    assert f"→ {cast.verifier.name}" in page or f": {cast.verifier.name}" in page
    assert str(cast.verifier.pk) not in page
    assert str(item) in page
    assert "+00:00" not in page
    assert "受理时间" in page
    saved = client.get("/administration/audit/?export=csv")
    assert cast.verifier.name in b"".join(saved.streaming_content).decode("utf-8-sig")


# What is only ever told as part of something else.
PARTS = {
    "certificates.foreignitem",
    "certificates.foreignvalue",
    "certificates.recordstandard",
    "documents.leaf",
    "documents.validityend",
    "instruments.reminderrule",
    "kernel.auditevent",
    "kernel.idempotencykey",
    "kernel.jobrun",
    "kernel.notice",
    "kernel.rolegrant",
    "kernel.sequence",
    "kernel.storedfile",
    "surveillance.areameter",
    "surveillance.chargesample",
    "surveillance.evaluation",
    "surveillance.extendedinstrument",
    "surveillance.meterverdict",
    "trace.traceuse",
    "verification.handover",
}


def test_every_kind_of_thing_has_words_or_is_told_as_part_of_another():
    ours = {m._meta.label_lower for m in apps.get_models() if m.__module__.startswith("quanheng.")}
    assert ours - PARTS - set(verbs.SUBJECTS) == set()


def test_what_the_product_did_by_itself_is_said_in_words(cast, auditor):
    item = makers.make_instrument(cast.shop)
    events.record(actors.ANONYMOUS, "surveillance.check_asked", item, after={"meter": "DB-1"})
    events.record(actors.system("quanheng worker"), "surveillance.areas_judged", item)
    text = second_factor_passed(browser(auditor)).get(PAGE).content.decode()
    assert "未登录的访客" in text
    assert "后台任务" in text
    assert "表计: DB-1" in text
    assert "anonymous" not in text
