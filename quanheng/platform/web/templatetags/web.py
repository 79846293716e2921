"""Tags that draw the components."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import template
from django.forms import BaseForm
from django.http import HttpRequest
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString

from quanheng.platform.kernel import clock, retelling
from quanheng.platform.web import components as c
from quanheng.platform.web.http import address
from quanheng.platform.web.registries import VERB_WORDS
from quanheng.platform.web.sources import readable

register = template.Library()
_SHAPES = {
    "ok": "s-ok",
    "due": "s-due",
    "bad": "s-bad",
    "work": "s-work",
    "wait": "s-wait",
    "off": "s-off",
    "unknown": "s-unknown",
}
_OWN = frozenset(_SHAPES.values()) | {"logo"}


@register.simple_tag
def icon(name: str, title: str = "") -> SafeString:
    """An icon: ours for states (``s-ok`` …) and the logo, else Tabler's by name; hidden from readers unless titled."""
    sheet = "web/icons.svg" if name in _OWN else "vendor/tabler/icons.svg"
    href = f"{static(sheet)}#{name}"
    if title:
        return format_html('<svg class="qh-icon" role="img" aria-label="{}"><use href="{}"/></svg>', title, href)
    return format_html('<svg class="qh-icon" aria-hidden="true"><use href="{}"/></svg>', href)


@register.simple_tag
def status(state: c.Status | str, label: str | Promise = "", pill: bool = False) -> SafeString:
    """Shape + colour + word, from a ``Status`` or from a tone and a label."""
    if isinstance(state, c.Status):
        tone, label = str(state.tone), state.label
    else:
        tone = state if state in _SHAPES else "unknown"
    css = f"qh-status qh-tone-{tone}{' qh-pill' if pill else ''}"
    return format_html('<span class="{}">{}{}</span>', css, icon(_SHAPES[tone]), label)


@register.simple_tag
def deadline(day: dt.date | None, soon: int = 30, words_only: bool = False) -> SafeString:
    """A date and its distance in words; nothing for no date."""
    if day is None:
        return format_html('<span class="qh-deadline">{}</span>', "—")
    due = c.deadline(day, soon=soon)
    tone = f"qh-tone-{due.tone}" if due.tone else ""
    if words_only:
        return format_html(
            '<span class="qh-deadline {}" title="{}"><span class="words">{}</span></span>',
            tone,
            due.day.isoformat(),
            due.words,
        )
    return format_html(
        '<span class="qh-deadline {}">{} <span class="words">{}</span></span>', tone, due.day.isoformat(), due.words
    )


@register.simple_tag
def quantity(value: Any, unit: str | Promise = "") -> SafeString:
    """A value as it was written, right-aligned by its cell, with its unit."""
    if value is None or value == "":
        return format_html("{}", "—")
    return format_html('{}<span class="unit">{}</span>', value, unit) if unit else format_html("{}", value)


@register.filter
def count_words(value: int) -> str:
    """1 234; beyond the cap 10 000+."""
    return c.count_words(int(value))


@register.filter
def verb_words(verb: str) -> str:
    """What an audit event says was done."""
    for speak in VERB_WORDS.values():
        return speak(verb)
    return verb


@register.filter
def retold(text: str) -> str:
    """Words kept when somebody was told them, in the reader's language."""
    return retelling.retold(str(text))


@register.filter
def civil(value: dt.datetime | dt.date | None) -> str:
    """A moment as 2026-05-20 14:03 in Asia/Shanghai, a date as 2026-05-20."""
    if value is None:
        return "—"
    if isinstance(value, dt.datetime):
        return value.astimezone(clock.CIVIL).strftime("%Y-%m-%d %H:%M")
    return value.isoformat()


@register.simple_tag
def unverified(source: str | Promise = "", verified: bool = False) -> dict[str, Any] | SafeString:
    """The badge of a value that was not checked against its source; nothing where it was."""
    if verified:
        return SafeString("")
    rendered = get_template("web/components/unverified.html").render({"source": readable(str(source))})
    return SafeString(rendered)


@register.simple_tag(takes_context=True)
def here(context: template.Context, **changes: Any) -> str:
    """The present address with parameters changed."""
    request: HttpRequest = context["request"]
    return address(request, **changes)


@register.inclusion_tag("web/components/header.html", takes_context=True)
def page_header(context: template.Context, header: c.Header) -> dict[str, Any]:
    """Title, lead, one primary action and a menu."""
    return {"header": header, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("web/components/action.html", takes_context=True)
def action(context: template.Context, item: c.Action, primary: bool = False, small: bool = False) -> dict[str, Any]:
    """A button; disabled with its reason where it is denied."""
    return {"item": item, "primary": primary, "small": small, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("web/components/empty.html", takes_context=True)
def empty_state(context: template.Context, empty: c.Empty) -> dict[str, Any]:
    """What will stand here and how to start."""
    return {"empty": empty, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("web/components/tabs.html")
def tabs(items: Sequence[c.Tab]) -> dict[str, Any]:
    """Tabs whose choice is in the address."""
    return {"items": items}


@register.inclusion_tag("web/components/chips.html")
def chips(items: Sequence[c.ShownChip]) -> dict[str, Any]:
    """Quick filters with counts."""
    return {"items": items}


@register.inclusion_tag("web/components/figures.html")
def figures(items: Sequence[c.Figure]) -> dict[str, Any]:
    """A row of key figures."""
    return {"items": items}


@register.inclusion_tag("web/components/timeline.html")
def timeline(items: Sequence[c.Moment]) -> dict[str, Any]:
    """What happened, newest first."""
    return {"items": [(moment, _SHAPES[moment.tone]) for moment in items]}


@register.inclusion_tag("web/components/definitions.html")
def definitions(items: Sequence[c.Definition]) -> dict[str, Any]:
    """Names and values."""
    return {"items": items}


@register.inclusion_tag("web/components/sentence.html")
def sentence(tone: str, text: str | Promise) -> dict[str, Any]:
    """The first thing on a page: its answer in one sentence."""
    return {"tone": tone, "shape": _SHAPES.get(tone, "s-unknown"), "text": text}


@register.inclusion_tag("web/components/chart.html")
def chart(
    key: str, option: dict[str, Any], label: str | Promise, rows: Sequence[Sequence[Any]] = (), kind: str = "echarts"
) -> dict[str, Any]:
    """A chart from plain data, with the table of what it shows (first row = headings)."""
    return {
        "key": key,
        "option": option,
        "label": label,
        "head": rows[0] if rows else (),
        "rows": rows[1:],
        "kind": kind,
    }


@register.inclusion_tag("web/components/progress.html")
def progress(done: int, total: int, label: str | Promise = "") -> dict[str, Any]:
    """How far long work has come."""
    return {"done": done, "total": total, "label": label}


@register.inclusion_tag("web/components/errors.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """Every error of a form with a link to its field; what concerns the whole form is then not said once more below."""
    form.summarised = True  # type: ignore[attr-defined]
    rows = []
    for name, errors in form.errors.items():
        bound = form[name] if name in form.fields else None
        rows += [(bound.label if bound else "", bound.auto_id if bound else "", error) for error in errors]
    return {"rows": rows}
