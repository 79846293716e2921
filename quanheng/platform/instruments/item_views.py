"""One instrument: its page, its form, the steps of its life."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quanheng.errors import InputError
from quanheng.platform.instruments import forms, labels, queries, services
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.policies import KEEPERS, may_keep, may_take_from
from quanheng.platform.instruments.registries import ACTS, TABS, UNDERWAY
from quanheng.platform.instruments.status import lapsed, sentence, shown
from quanheng.platform.instruments.views import keeps, remembered, sees_ledger, supervises
from quanheng.platform.instruments.workflow import INSTRUMENT
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.people import organisations_of
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, Refused, first_denial
from quanheng.platform.kernel.words import words_of
from quanheng.platform.web.components import Action, Header, tabs
from quanheng.platform.web.pages import FormPage, Page

SIMPLE = {"file", "withdraw_filing", "confirm_filing", "return_from_repair"}
WITH_REASON = {"stop", "restart", "send_to_repair", "scrap", "return_filing"}
CONSEQUENCES = {
    "scrap": gettext_lazy("报废后不能再启用或检定,编号可供新器具使用。"),
    "send_to_repair": gettext_lazy("送修后原检定即失效;修好后须重新检定合格才能使用。"),
    "restart": gettext_lazy("启用后照常管理;有效期已过的,检定合格前不得使用。"),
}

UNDERWAY_THEN: Mapping[str, Any] = {
    "scrap": gettext_lazy("报废后上述检定随之取消,检定机构会看到原因。"),
    "stop": gettext_lazy("报停不取消上述检定;不再检定的,请联系检定机构取消。"),
    "send_to_repair": gettext_lazy("修理完毕之前,上述检定不能进行。"),
    "relocate": gettext_lazy("迁移不取消上述检定;迁到其他行政区划的,重新备案之前不能进行。"),
}


def kept_organisations(actor: Actor) -> QuerySet[Organisation]:
    """Organisations whose ledger the person keeps."""
    return organisations_of(actor, *KEEPERS)


def step_actions(item: Instrument, actor: Actor) -> list[Action]:
    """The steps that leave the present state, each with the reason where it is shut."""
    found: list[Action] = []
    moved = False
    for step, decision in INSTRUMENT.open_to(item, actor):
        denied = "" if decision else decision.reason
        if step.name in SIMPLE:
            url = reverse("instruments:step", args=[item.pk])
            found.append(Action(step.label, url, method="post", denied=denied, fields={"step": step.name}))
        elif step.name in WITH_REASON:
            url = f"{reverse('instruments:step', args=[item.pk])}?{urlencode({'step': step.name})}"
            found.append(Action(step.label, url, denied=denied))
        elif step.name in ("move", "relocate") and not moved:
            moved = True
            found.append(Action(_("迁移"), reverse("instruments:move", args=[item.pk]), denied=denied))
    return found


class OneInstrument(Page):
    """A page about one instrument that the person may see."""

    instrument: Instrument

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.instrument = get_object_or_404(queries.instruments(self.actor), pk=kwargs["pk"])

    def allowed(self, actor: Actor) -> Decision:
        return sees_ledger(actor)

    @property
    def url(self) -> str:
        """The page of the instrument."""
        return reverse("instruments:instrument", args=[self.instrument.pk])

    def crumbs(self) -> list[tuple[Any, str]]:
        """The way here."""
        return [(_("器具台账"), reverse("instruments:list")), (str(self.instrument), self.url)]


class InstrumentPage(OneInstrument):
    """How it stands in one sentence, then tabs. Who only works on it reads what the work needs, and changes nothing."""

    template_name = "instruments/instrument.html"
    at_work = False

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        Page.setup(self, request, *args, **kwargs)
        found = queries.instruments(self.actor).filter(pk=kwargs["pk"]).first()
        self.at_work = found is None
        self.instrument = found or get_object_or_404(queries.worked_on(self.actor), pk=kwargs["pk"])

    def header(self) -> Header:
        item, actor = self.instrument, self.actor
        if self.at_work:
            lead = _("%(serial)s · %(owner)s(检定任务所需,只读)") % {
                "serial": item.serial_number,
                "owner": item.organisation.name,
            }
            return Header(f"{item.name} {item.specification}".strip(), lead, shown(item))
        steps = step_actions(item, actor)
        acts = [
            Action.guarded(act.may(actor, item), act.label, f"{reverse(act.url_name)}?i={item.pk}", icon=act.icon)
            for _key, act in ACTS
            if act.offered(actor)
        ]
        edit = Action.guarded(
            may_keep(actor, item), _("修改"), reverse("instruments:edit", args=[item.pk]), icon="edit"
        )
        sticker = Action(_("打印标签"), reverse("instruments:label", args=[item.pk]), "qrcode")
        order = acts + steps if item.state == "in_use" else steps + acts
        primary = next((a for a in order if not a.denied), None)
        take = Action(_("从批中单独登记"), reverse("instruments:take", args=[item.pk]), "plus")
        single = [take] if may_take_from(actor, item) else []
        rest = [a for a in [*single, *order, edit, sticker] if a is not primary]
        return Header(
            f"{item.name} {item.specification}".strip(),
            f"{item.serial_number} · {item.organisation.name}",
            shown(item),
            self.crumbs()[:1],
            primary,
            rest,
        )

    def context(self) -> dict[str, Any]:
        item = self.instrument
        tabs_open = [(k, t) for k, t in TABS if (t.at_work or not self.at_work) and t.shown(self.actor, item)]
        known = sorted(tabs_open, key=lambda pair: pair[1].order)
        chosen, drawn = tabs(self.request, [(key, tab.label) for key, tab in known])
        tab = dict(known)[chosen]
        return {
            "item": item,
            "sentence": sentence_with_chain(item),
            "tone": shown(item).tone,
            "tabs": drawn,
            "tab_template": tab.template,
            **tab.context(self.actor, item),
        }


def sentence_with_chain(item: Instrument) -> str:
    """State, verdict, until when, and how far the chain is proven."""
    chain = queries.chain_states([item]).get(item.pk)
    said = sentence(item, clock.today())
    return f"{said} · {chain.label}" if chain else said


class Preview(OneInstrument):
    """The side preview of a row."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        overview = TABS["overview"].context(self.actor, self.instrument)
        context = {
            "item": self.instrument,
            "sentence": sentence_with_chain(self.instrument),
            "tone": shown(self.instrument).tone,
            "url": self.url,
            **overview,
        }
        return render(request, "instruments/preview.html", context)


class OneLabel(OneInstrument):
    """The sticker of one instrument."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return labels.response([self.instrument])


class InstrumentFormPage(FormPage):
    """The form of an instrument; a chosen category brings its own parameters."""

    form_class = forms.InstrumentForm
    template_name = "instruments/form.html"
    wide = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.headers.get("HX-Target") == "parameters":
            return render(request, "instruments/parameters.html", {"form": self.form()})
        return super().get(request, *args, **kwargs)


class AddInstrument(InstrumentFormPage):
    """Enter one instrument or one lot."""

    form_class = forms.InstrumentForm
    template_name = "instruments/form.html"
    wide = True

    def allowed(self, actor: Actor) -> Decision:
        return Allowed() if keeps(actor) else Denied(_("只有使用单位的计量员可以维护自己的台账"))

    def header(self) -> Header:
        lead = _("登记后请提交备案;是否强制检定由种别和用途决定。")
        return Header(_("登记器具"), lead, crumbs=[(_("器具台账"), reverse("instruments:list"))])

    def form_kwargs(self) -> dict[str, Any]:
        return {"organisations": kept_organisations(self.actor)}

    def initial(self) -> Mapping[str, Any]:
        first = kept_organisations(self.actor).first()
        return {
            "organisation": first,
            "region": first.region_id if first else None,
            "category": self.request.GET.get("category", ""),
            "use": "trade",
        }

    def done(self, form: Any) -> str:
        item = services.add_instrument(actor=self.actor, **form.values())
        messages.success(self.request, _("已登记,器具码 %(code)s") % {"code": item.code})
        return reverse("instruments:instrument", args=[item.pk])


class EditInstrument(OneInstrument, InstrumentFormPage):
    """Correct what the ledger says; what is fixed after filing is refused with its reason."""

    def allowed(self, actor: Actor) -> Decision:
        return may_keep(actor, self.instrument)

    @property
    def locked(self) -> frozenset[str]:
        """What is fixed for this instrument now."""
        return services.fixed_fields(self.instrument)

    def header(self) -> Header:
        lead = ""
        if "parameters" in self.locked:
            lead = _("已检定:灰色各项以检定时核对的实物为准;地点变更请办理“迁移”,修理改装请先“送修”。")
        elif self.locked:
            lead = _("已备案:灰色各项不能在此修改;地点变更请办理“迁移”。")
        return Header(_("修改器具"), lead, crumbs=self.crumbs())

    def form_kwargs(self) -> dict[str, Any]:
        return {
            "organisations": Organisation.objects.none(),
            "parameters_now": self.instrument.parameters,
            "fixed": True,
            "locked": self.locked,
        }

    def initial(self) -> Mapping[str, Any]:
        item = self.instrument
        category = self.request.GET.get("category", "") or item.category_id
        return {**{n: getattr(item, n) for n in forms.InstrumentForm.base_fields}, "category": category}

    def done(self, form: Any) -> str:
        if forged := self._sent_anyway(form):
            raise Refused(_("备案后不能直接修改:%(titles)s") % {"titles": "、".join(forged)}, code="filed")
        values = {k: v for k, v in form.values().items() if k not in self.locked}
        services.edit_instrument(actor=self.actor, instrument=self.instrument, **values)
        messages.success(self.request, _("已保存"))
        return self.url

    def _sent_anyway(self, form: Any) -> list[str]:
        """Titles of fixed fields for which something else was sent than stands there."""
        sent = self.request.POST
        return [
            str(box.label)
            for box in form
            if box.field.disabled and box.name in sent and sent[box.name].strip() != str(box.value() or "")
        ]


class LifeForm(OneInstrument, FormPage):
    """A form about a step of its life; what is under way with the instrument stands above it."""

    template_name = "instruments/step.html"
    consequence = ""

    def context(self) -> dict[str, Any]:
        told = [line for tell in UNDERWAY.values() for line in tell(self.instrument)]
        return {"underway": told, "consequence": self.consequence}


class Step(LifeForm):
    """One step of its life; those that need a reason ask for it first."""

    form_class = forms.ReasonForm

    @property
    def step(self) -> str:
        """The step asked for."""
        name = self.request.POST.get("step") or self.request.GET.get("step") or ""
        if name not in SIMPLE | WITH_REASON:
            raise Http404
        return name

    def allowed(self, actor: Actor) -> Decision:
        """Who may not take the step does not see its form either."""
        return first_denial(super().allowed(actor), INSTRUMENT[self.step].policy(actor, self.instrument))

    def form(self, data: Any = None, files: Any = None) -> BaseForm:
        form_class = forms.StopForm if self.step == "stop" else forms.ReasonForm
        return form_class(data, files)

    def header(self) -> Header:
        step = INSTRUMENT[self.step]
        return Header(step.label, str(CONSEQUENCES.get(self.step, "")), crumbs=self.crumbs())

    @property
    def submit(self) -> Any:  # type: ignore[override]
        return INSTRUMENT[self.step].label

    @property
    def consequence(self) -> Any:  # type: ignore[override]
        return UNDERWAY_THEN.get(self.step, "")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.step in SIMPLE:
            raise Http404
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.step in WITH_REASON:
            return super().post(request, *args, **kwargs)
        try:
            self.take("")
        except InputError as error:
            messages.error(request, words_of(error))
        return HttpResponseRedirect(self.url)

    def done(self, form: Any) -> str:
        self.take(**form.cleaned_data)
        return self.url

    def take(self, reason: str, **more: Any) -> None:
        """Call the service of the step."""
        actor, item, name = self.actor, self.instrument, self.step
        if name == "file":
            services.submit_filing(actor=actor, instruments=[item])
        elif name == "withdraw_filing":
            services.withdraw_filing(actor=actor, instruments=[item])
        elif name == "confirm_filing":
            services.confirm_filings(actor=actor, instruments=[item])
        elif name == "return_filing":
            services.return_filings(actor=actor, instruments=[item], reason=reason)
        elif name == "return_from_repair":
            services.return_from_repair(actor=actor, instrument=item)
        else:
            getattr(services, name)(actor=actor, instrument=item, reason=reason, **more)
        if name == "restart" and lapsed(item, clock.today()):
            messages.warning(self.request, _("报停期间检定有效期已过:检定合格前不得使用,请申请检定。"))
        messages.success(self.request, _("已完成:%(step)s") % {"step": INSTRUMENT[name].label})


class Move(LifeForm):
    """Relocation; in another county it is filed anew."""

    consequence = UNDERWAY_THEN["relocate"]

    form_class = forms.MoveForm

    def allowed(self, actor: Actor) -> Decision:
        return may_keep(actor, self.instrument)

    def header(self) -> Header:
        lead = _("迁移后原检定失效,须重新检定;迁到其他行政区划时由迁入地重新备案。")
        return Header(_("迁移"), lead, crumbs=self.crumbs())

    def initial(self) -> Mapping[str, Any]:
        return {"region": self.instrument.region_id}

    def done(self, form: Any) -> str:
        services.relocate(actor=self.actor, instrument=self.instrument, **form.cleaned_data)
        messages.success(self.request, _("已迁移"))
        return self.url


class ChosenPage(FormPage):
    """A form about the rows ticked on the page before."""

    template_name = "instruments/chosen.html"

    def context(self) -> dict[str, Any]:
        return {"chosen": remembered(self.request, self.actor)}

    def rows(self) -> list[Instrument]:
        """The ticked rows."""
        rows = remembered(self.request, self.actor)
        if not rows:
            raise PermissionDenied(_("请先在列表中勾选器具"))
        return rows


class Transfer(ChosenPage):
    """Hand the ticked instruments to another organisation of the group."""

    form_class = forms.TransferForm

    def allowed(self, actor: Actor) -> Decision:
        return Allowed() if keeps(actor) else Denied(_("只有使用单位的计量员可以维护自己的台账"))

    def header(self) -> Header:
        lead = _("只能移交给本集团内由您管理的单位;对外转让请报废或由对方登记。")
        return Header(_("移交器具"), lead, crumbs=[(_("器具台账"), reverse("instruments:list"))])

    def form_kwargs(self) -> dict[str, Any]:
        return {"organisations": kept_organisations(self.actor)}

    def done(self, form: Any) -> str:
        done = services.transfer_instruments(actor=self.actor, instruments=self.rows(), **form.cleaned_data)
        n = len(done)
        messages.success(self.request, ngettext("已移交 %(n)d 台", "已移交 %(n)d 台", n) % {"n": n})
        return reverse("instruments:list")


class ReturnFilings(ChosenPage):
    """Return the ticked filings with one reason."""

    form_class = forms.ReasonForm
    submit = gettext_lazy("退回")

    def allowed(self, actor: Actor) -> Decision:
        return supervises(actor)

    def header(self) -> Header:
        crumbs = [(_("备案审核"), reverse("instruments:filings"))]
        return Header(_("退回备案"), _("使用单位会看到原因,改正后重新提交。"), crumbs=crumbs)

    def done(self, form: Any) -> str:
        n = services.return_filings(actor=self.actor, instruments=self.rows(), **form.cleaned_data)
        messages.success(self.request, ngettext("已退回 %(n)d 台", "已退回 %(n)d 台", n) % {"n": n})
        return reverse("instruments:filings")
