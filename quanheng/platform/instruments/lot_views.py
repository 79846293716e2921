"""A lot: some of it get an entry of their own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quanheng.platform.instruments import forms, queries, services
from quanheng.platform.instruments.item_views import OneInstrument
from quanheng.platform.instruments.policies import may_take_from
from quanheng.platform.instruments.views import remember
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Decision, first_denial
from quanheng.platform.web.components import Header
from quanheng.platform.web.pages import FormPage


class TakeFromLot(OneInstrument, FormPage):
    """Some of a lot get an entry of their own, so that they can be verified, repaired, moved or scrapped singly."""

    form_class = forms.TakeForm
    submit = gettext_lazy("单独登记")

    def allowed(self, actor: Actor) -> Decision:
        return first_denial(super().allowed(actor), may_take_from(actor, self.instrument))

    def header(self) -> Header:
        lot = self.instrument
        words = {"start": lot.serial_number, "end": lot.serial_to, "n": lot.quantity}
        lead = _("%(start)s – %(end)s,尚有 %(n)d 台。单独登记后可逐台申请检定、送修、迁移或报废。") % words
        return Header(_("从批中单独登记"), lead, crumbs=self.crumbs())

    def done(self, form: Any) -> str:
        taken = services.take_some_from_lot(actor=self.actor, lot=self.instrument, **form.cleaned_data)
        messages.success(
            self.request, ngettext("已单独登记 %(n)d 台", "已单独登记 %(n)d 台", len(taken)) % {"n": len(taken)}
        )
        if len(taken) == 1:
            return reverse("instruments:instrument", args=[taken[0].pk])
        remember(self.request, queries.instruments(self.actor).filter(pk__in=[one.pk for one in taken]))
        return reverse("instruments:list") + "?chosen=yes"
