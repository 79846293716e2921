"""Error pages in both languages, each with the id under which the log knows the request."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import get_language, override

from quanheng.platform.kernel import events

# code: (Chinese title, Chinese remedy, English title, English remedy)
WORDS: dict[int, tuple[str, str, str, str]] = {
    400: (
        "请求无法理解",
        "地址或提交的内容有误,请返回上一页重试。",
        "The request cannot be understood",
        "The address or the content is wrong: go back and try again.",
    ),
    403: (
        "没有权限",
        "您的角色不能打开此页。如确有需要,请联系本单位管理员。",
        "Not permitted",
        "Your roles do not open this page. Ask your organisation's administrator if you need it.",
    ),
    404: (
        "没有找到",
        "地址有误,或者记录不存在、您无权查看。",
        "Not found",
        "The address is wrong, or the record does not exist or is not yours to see.",
    ),
    500: (
        "系统出错",
        "问题已记录,请稍后再试;再次出现时请把编号告诉管理员。",
        "Something broke",
        "It has been recorded. Try again later; if it happens again, give the administrator the id below.",
    ),
}
CSRF = (
    "页面已过期",
    "表单停留太久或在别处重新登录过。请返回并刷新页面后重新提交,所填内容不会自动保存。",
    "The page has expired",
    "The form stayed open too long, or you signed in again elsewhere. Go back, reload and send it again.",
)


def _page(status: int, words: tuple[str, str, str, str], reason: str = "") -> HttpResponse:
    english = get_language() == "en"
    title, text, title_en, text_en = words
    first, second = ((title_en, text_en), (title, text)) if english else ((title, text), (title_en, text_en))
    context = {
        "status": status,
        "first": first,
        "second": second,
        "second_lang": "zh-Hans" if english else "en",
        "reason": reason,
        "request_id": events.request_id.get(),
    }
    with override("en" if english else "zh-hans"):
        return HttpResponse(loader.get_template("project/error.html").render(context), status=status)


@login_not_required
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(400, WORDS[400])


@login_not_required
def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403, with the policy's reason."""
    return _page(403, WORDS[403], str(exception) if exception else "")


@login_not_required
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404; says nothing about what was looked for."""
    return _page(404, WORDS[404])


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """500; uses neither database nor session."""
    return _page(500, WORDS[500])


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose token is wrong."""
    return _page(403, CSRF)
