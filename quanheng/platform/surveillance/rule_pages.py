"""By which regional rules an area is judged: chosen by its keeper or regulator, else those of its province."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.kernel import events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.language import in_english
from quanheng.platform.kernel.policies import Decision, Refused, require
from quanheng.platform.surveillance import policies
from quanheng.platform.surveillance.judging import rule_of
from quanheng.platform.surveillance.models import Area
from quanheng.platform.surveillance.views import OneArea
from quanheng.platform.web.components import Header
from quanheng.platform.web.forms import Form
from quanheng.platform.web.pages import FormPage
from quanheng.platform.web.sources import readable
from quanheng.telemetry.fleets import known_profiles, load_profile


def title_of(rule: dict[str, Any]) -> str:
    """Number and title in the reader's language."""
    language = "en" if in_english() else "zh"
    return f"{rule['norm']} {rule['title'][language]}"


@transaction.atomic
def set_rule(*, actor: Actor, area: Area, rule: str, reason: str) -> Area:
    """Choose the rules of an area; empty leaves them to the province. The next evaluation goes by them."""
    require(policies.may_order(actor, area))
    if rule and rule not in {r["id"] for r in load_profile(area.profile).rules}:
        raise Refused(_("没有这个规范"), code="invalid", place="rule")
    if not reason.strip():
        raise Refused(_("请写明原因"), code="reason_required", place="reason")
    before = {"rule": area.rule}
    Area.objects.filter(pk=area.pk).update(rule=rule)
    area.rule = rule
    events.record(actor, "surveillance.rule_chosen", area, reason=reason, before=before, after={"rule": rule})
    return area


class RuleForm(Form):
    """Which rules, and why."""

    rule = forms.ChoiceField(required=False, label=gettext_lazy("适用规范"))
    reason = forms.CharField(max_length=300, label=gettext_lazy("原因"), widget=forms.Textarea(attrs={"rows": 2}))


class ChooseRule(OneArea, FormPage):
    """Choose the rules of one area."""

    form_class = RuleForm
    submit = gettext_lazy("保存")

    def allowed(self, actor: Actor) -> Decision:
        watch = policies.may_watch(actor)
        return policies.may_order(actor, self.area) if watch else watch

    def header(self) -> Header:
        lead = _("限值、采集率和线损率的门槛随规范而定;从下一次评价起适用。")
        return Header(_("适用规范"), lead, crumbs=[*self.crumbs(), (str(self.area), self.area.get_absolute_url())])

    def form(self, data: Any = None, files: Any = None) -> Any:
        form: Any = super().form(data, files)
        rules = load_profile(self.area.profile).rules
        usual = next(
            (
                title_of(r)
                for r in rules
                if r["id"] == rule_of(Area(profile=self.area.profile, region_id=self.area.region_id))
            ),
            _("产品默认"),
        )
        form.fields["rule"].choices = [
            ("", _("按所在省:%(usual)s") % {"usual": usual}),
            *((r["id"], title_of(r)) for r in rules),
        ]
        return form

    def initial(self) -> dict[str, Any]:
        return {"rule": self.area.rule}

    def done(self, form: Any) -> str:
        set_rule(actor=self.actor, area=self.area, **form.cleaned_data)
        return self.area.get_absolute_url()


def listed_rules() -> list[dict[str, Any]]:
    """Every set of regional rules with what it demands, for the page of rules."""
    rows = []
    for name in known_profiles():
        for rule in load_profile(name).rules:
            chosen = load_profile(name, rule=rule["id"])
            language = "en" if in_english() else "zh"
            limits = ";".join(
                _("±%(limit)s%%(%(class)s 级)") % {"limit": f"{100 * v:g}", "class": c}
                for c, v in rule["limits"].items()
            )
            rows.append({
                "title": title_of(rule), "kind": chosen.title[language], "region": rule["place"][language],
                "limits": limits or _("未规定,按产品默认 ±%(limit)s%%") % {"limit": f"{100 * chosen.limit:g}"},
                "acquisition": f"{100 * chosen.gates.acquisition:g}", "rows": chosen.gates.rows,
                "loss": f"{100 * chosen.gates.loss_low:g} – {100 * chosen.gates.loss_high:g}",
                "cycle": chosen.cycle_days, "own_cycle": "cycle_days" not in rule,
                "note": rule.get("note", {}).get(language, ""),
                "source": rule["source"], "said": readable(rule["source"]),
                "verified": rule["verified"] in ("once", "yes", True),
            })  # fmt: skip
    return rows
