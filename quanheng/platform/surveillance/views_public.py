"""A household's own meter, by the code on it: how its data stand, until when it is valid, and a request for a check."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from quanheng.platform.kernel.actors import ANONYMOUS
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.surveillance import public, services, words
from quanheng.platform.surveillance.asking import meter_of
from quanheng.platform.surveillance.models import CheckRequest
from quanheng.platform.web.ratelimit import exceeded, public_page

ASKS = 5  # requests an hour from one address


class AskForm(forms.Form):
    """What makes the household doubt; nothing personal is asked."""

    text = forms.CharField(max_length=200, required=False, label=gettext_lazy("情况说明"))


@public_page("own-meter", limit=120)
@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt
def own(request: HttpRequest, code: str) -> HttpResponse:
    """The state of one meter. POST asks for a check; the receipt shows the answer later."""
    meter = meter_of(code)
    if meter is None:
        raise Http404
    made, problem, status = None, "", 200
    if request.method == "POST":
        form = AskForm(request.POST)
        if exceeded(request, "ask-check", ASKS, 3600):
            problem, status = "too_many", 429
        elif not form.is_valid():
            problem, status = _("情况说明最多 200 个字,请缩短后再提交"), 422
        else:
            try:
                made = services.ask_for_check(actor=ANONYMOUS, meter=meter, text=form.cleaned_data["text"])
            except Refused as refusal:
                problem, status = refusal.message, 422
    receipt = (request.GET.get("receipt") or "").strip().upper()[:16]
    asked = CheckRequest.objects.filter(receipt=receipt, meter=meter).first() if receipt else None
    context = {
        "meter": meter, "item": meter.instrument if meter.instrument and meter.instrument.quantity == 1 else None,
        "lot": meter.instrument if meter.instrument and meter.instrument.quantity > 1 else None,
        "sentence": public.sentence(meter), "status": words.verdict_status(meter.verdict), "made": made,
        "problem": problem, "asked": asked, "receipt": receipt,
        "text": request.POST.get("text", "")[:1000] if problem else "",
    }  # fmt: skip
    response = render(request, "surveillance/own.html", context, status=status)
    response["Cache-Control"] = "no-cache"
    return response
