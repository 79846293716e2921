"""Forms of review, signature, replacement and revocation."""

from __future__ import annotations

from django import forms as fields
from django.utils.translation import gettext_lazy as _

from quanheng.platform.certificates.content import MEANINGS
from quanheng.platform.web import forms


def code_field() -> fields.CharField:
    """The second factor's code."""
    widget = fields.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "form-control"})
    return fields.CharField(label=_("动态口令"), min_length=6, max_length=12, widget=widget)


class SignForm(forms.Form):
    """The act of signing: the meaning is read, the code is typed."""

    meaning = fields.ChoiceField(choices=[(k, k) for k in MEANINGS], initial="approve", widget=fields.HiddenInput)
    code = code_field()


class ReasonForm(forms.Form):
    """A reason, always asked for."""

    reason = fields.CharField(label=_("原因"), max_length=300, widget=fields.Textarea(attrs={"rows": 3}))


class ReplaceForm(forms.Form):
    """Issue anew with the particulars as the ledger has them now."""

    reason = fields.CharField(label=_("替换原因"), max_length=300, widget=fields.Textarea(attrs={"rows": 2}))
    reason_en = fields.CharField(label=_("英文原因(可不填)"), max_length=300, required=False)
    code = code_field()


class RevokeForm(forms.Form):
    """Withdraw from a day on."""

    reason = fields.CharField(label=_("撤销原因"), max_length=300, widget=fields.Textarea(attrs={"rows": 2}))
    void_from = fields.DateField(label=_("自此日起无效"), widget=forms.DateInput())
    code = code_field()
