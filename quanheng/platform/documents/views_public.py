"""Pages and files open to the world: the check of a code or a file, the bundle, the keys, the log."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from quanheng.errors import InputError
from quanheng.platform.documents import ledger, standing, upload
from quanheng.platform.documents.keys import keys_text
from quanheng.platform.documents.models import Document
from quanheng.platform.documents.numbering import CODE_LENGTH
from quanheng.platform.documents.public import PUBLIC_NOTES
from quanheng.platform.kernel.language import in_english
from quanheng.platform.kernel.words import words_of
from quanheng.platform.web.ratelimit import public_page

LOG_FILE = re.compile(r"checkpoint|cosigned|tile/[0-9a-z/.]{1,80}|status/[0-9a-f]{64}")
CODE = re.compile(rf"[0-9A-Za-z]{{{CODE_LENGTH}}}")
# Whoever has a certificate reads its number first; "no such instrument" would call a genuine one forged.
NO_CODE = _(
    "这不是器具码,也不是证书查验码:两者都是 12 位数字和字母,印在二维码旁的网址末尾。"
    "证书编号和出厂编号不能用来查验,因为编号可以猜到;有证书文件的,可在下面直接检查文件。"
)
FOREVER = "public, max-age=31536000, immutable"
FRESH = "no-cache"


class CheckForm(forms.Form):
    """A number to look up, or a file to check."""

    code = forms.CharField(label=_("器具码或证书查验码"), max_length=40, required=False)
    file = forms.FileField(label=_("证书文件(PDF、XML 或 bundle.json)"), required=False)


@public_page("lookup", limit=120)
@require_http_methods(["GET", "POST"])
@csrf_exempt
def lookup(request: HttpRequest) -> HttpResponse:
    """The check box. A file is read in memory and kept nowhere."""
    code = (request.POST.get("code") or request.GET.get("code") or "").strip()
    typed = re.sub(r"[\s\-]", "", code)
    if CODE.fullmatch(typed):
        return HttpResponseRedirect(reverse("documents:public", args=[typed]))
    checked, problem = None, str(NO_CODE) if code else ""
    if request.method == "POST" and not code:
        try:
            checked = upload.check(_uploaded(request))
        except InputError as error:
            problem = words_of(error)
    context: dict[str, Any] = {
        "form": CheckForm(initial={"code": code[:40]}),
        "checked": checked,
        "problem": problem,
        "english": in_english(),
    }
    if checked is not None:
        context["said"] = checked.outcome.as_json("en" if in_english() else "zh")
    return render(request, "documents/lookup.html", context, status=422 if problem else 200)


def _uploaded(request: HttpRequest) -> bytes:
    file = request.FILES.get("file")
    if file is None:
        raise InputError("empty", str(_("请选择证书文件,或输入编号。")), "file")
    if file.size is None or file.size > upload.MAX_UPLOAD:
        raise InputError("too_large", str(_("文件过大,证书文件不超过 8 MB。")), "file")
    return bytes(file.read())


@public_page("check", limit=600)
@require_safe
def public(request: HttpRequest, code: str) -> HttpResponse:
    """How a code stands. Works without script and weighs little."""
    answer = standing.find(code)
    notes = [note for ask in PUBLIC_NOTES.values() if (note := ask(answer.subject_code or answer.code)) is not None]
    context = {"answer": answer, "size": _log_size(), "base_url": settings.QUANHENG.base_url, "notes": notes}
    response = render(
        request, "documents/public.html", context, status=404 if answer.headline.key in {"unknown", "no_code"} else 200
    )
    response["Cache-Control"] = FRESH
    return response


def _log_size() -> int:
    try:
        return ledger.log().size
    except InputError:
        return 0


@public_page("bundle", limit=120)
@require_GET
def bundle(request: HttpRequest, code: str) -> HttpResponse:
    """The proof bundle of a certificate: only who has its code can ask."""
    document = Document.objects.filter(public_code=code.upper()).first()
    if document is None:
        raise Http404
    try:
        packed = ledger.bundle(document)
    except InputError as error:
        return HttpResponse(error.line(), status=404, content_type="text/plain; charset=utf-8")
    response = HttpResponse(packed, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{ledger.file_stem(document.number)}.bundle.json"'
    response["Cache-Control"] = FRESH
    return response


@public_page("keys", limit=120)
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """KEYS: what one must trust, to be compared with a copy from elsewhere."""
    response = HttpResponse(keys_text(), content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = FRESH
    return response


@public_page("log", limit=6000)
@require_safe
def log_file(request: HttpRequest, path: str) -> HttpResponse:
    """A file of the log. Any web server may serve the same folder instead."""
    if not LOG_FILE.fullmatch(path) or ".." in path:
        raise Http404
    target: Path = settings.QUANHENG.log_dir / path
    if not target.is_file():
        raise Http404
    note = not path.startswith("tile/")
    kind = "text/plain; charset=utf-8" if note else "application/octet-stream"
    response = HttpResponse(target.read_bytes(), content_type=kind)
    response["Cache-Control"] = FRESH if note else FOREVER
    response["Access-Control-Allow-Origin"] = "*"
    return response
