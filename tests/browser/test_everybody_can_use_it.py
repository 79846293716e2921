"""The ten main pages for people who work by keyboard, by ear, or with weak eyes: names, headings, language, focus, contrast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from quanheng.platform.certificates import services as records
from quanheng.platform.documents.keys import ensure_keys
from quanheng.platform.instruments.services import scrap
from quanheng.platform.kernel import clock
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.verification import services as verification
from tests.browser.conftest import Open
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps

# What is wrong with a page, as a list of sentences.
CHECK = """() => {
  const wrong = [], shown = (el) => el.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !el.closest('dialog:not([open])');
  const name = (el) => ((el.labels && [...el.labels].map((l) => l.textContent).join(' ')) || '') + (el.getAttribute('aria-label') || '')
    + (document.getElementById(el.getAttribute('aria-labelledby'))?.textContent || '') + (el.title || '') + el.textContent + [...el.querySelectorAll('img')].map((i) => i.alt).join('');
  for (const el of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, iframe'))
    if ((shown(el) || el.matches('select')) && !name(el).trim()) wrong.push('without a name: ' + el.outerHTML.slice(0, 100));
  for (const img of document.querySelectorAll('img:not([alt])')) wrong.push('picture without words: ' + img.src);
  for (const svg of document.querySelectorAll('svg:not([aria-hidden]):not([aria-label]):not([role=img])')) if (!svg.closest('[role=img], [aria-hidden]')) wrong.push('drawing without words: ' + svg.outerHTML.slice(0, 80));
  const heads = [...document.querySelectorAll('h1, h2, h3, h4')].filter(shown).map((h) => Number(h.tagName[1]));
  if (heads.filter((n) => n === 1).length !== 1) wrong.push('first headings: ' + heads.filter((n) => n === 1).length);
  heads.forEach((n, i) => { if (i && n > heads[i - 1] + 1) wrong.push(`heading h${n} after h${heads[i - 1]}`); });
  if (!document.querySelector('main')) wrong.push('no main part');
  if (!document.title.trim()) wrong.push('no title');
  const ids = [...document.querySelectorAll('[id]')].map((el) => el.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) wrong.push('twice the id ' + id);
  for (const el of document.querySelectorAll('[aria-describedby], [aria-controls]'))
    for (const id of `${el.getAttribute('aria-describedby') || ''}`.split(' ').filter(Boolean)) if (!document.getElementById(id)) wrong.push('describes by nothing: ' + id);
  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => { pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); const d = pen.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const ground = (el) => { const stack = []; for (let e = el; e; e = e.parentElement) { const style = getComputedStyle(e); if (style.backgroundImage !== 'none') return null; stack.push(rgba(style.backgroundColor)); } return stack.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]); };
  const light = (c) => [0, 1, 2].map((i) => c[i] / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const seen = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const el = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || seen.has(el) || !shown(el) || el.closest('[disabled], .disabled, [aria-disabled=true], svg, .qh-skip, .visually-hidden, option')) continue;
    seen.add(el);
    const back = ground(el);
    if (!back) continue;
    const style = getComputedStyle(el), front = over(rgba(style.color), back), a = light(front), b = light(back);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < needed - 0.02) wrong.push(`contrast ${ratio.toFixed(2)} of "${el.textContent.trim().slice(0, 30)}" (${el.className || el.tagName})`);
  }
  return [...new Set(wrong)];
}"""

# Whether the focus can be seen where it stands.
FOCUS = """() => {
  const el = document.activeElement, style = getComputedStyle(el), box = el.getBoundingClientRect();
  const ring = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  const inner = el.closest('iframe, .ts-wrapper, .qh-drop, .qh-search, .form-check, .rs-grid');
  return ring || inner ? '' : `${el.outerHTML.slice(0, 100)} at ${Math.round(box.x)},${Math.round(box.y)}`;
}"""


@pytest.fixture
def busy(stage: Cast) -> Cast:
    """A record to check, one to fill in, an overdue scale and one that waits for its filing."""
    ensure_keys()
    today = clock.today()
    steps.make_weights(
        stage, upper={"valid_from": today - dt.timedelta(days=9), "valid_to": today + dt.timedelta(days=90)}
    )
    with clock.at(dt.datetime.combine(today, dt.time(12), clock.CIVIL)):
        for name in ("checking", "draft"):
            task = steps.make_task(stage)
            if name == "checking":
                steps.submitted(stage, task=task)
            else:
                records.open_record(task, actor=stage.actor("verifier"))
    old = {"verified_on": today - dt.timedelta(days=400), "valid_until": today - dt.timedelta(days=35)}
    makers.make_instrument(stage.shop, last_verdict="pass", **old)
    makers.make_instrument(stage.shop, state="filing")
    makers.make_instrument(stage.shop, state="stopped")
    return stage


PAGES: dict[str, list[str]] = {
    "": ["/", "/accounts/login/", "/v/", "/v/{code}/"],
    "keeper": [
        "/",
        "/instruments/",
        "/instruments/{instrument}/",
        "/instruments/add/",
        "/verification/applications/new/?i={instrument}",
    ],
    "regulator": ["/", "/instruments/filings/", "/instruments/districts/", "/law/", "/catalog/norms/"],
    "receptionist": ["/verification/schedule/", "/verification/tasks/", "/verification/tasks/{task}/"],
    "verifier": ["/", "/certificates/records/{draft}/", "/standards/", "/standards/{standard}/", "/trace/{standard}/"],
    "checker": ["/certificates/records/{checking}/review/", "/certificates/"],
    "manager": ["/administration/people/", "/instruments/imports/instruments/new/", "/parties/licences/"],
}


def addresses(busy: Cast, part: str) -> Iterator[str]:
    """The pages of a part with the ids of this stage."""
    found = {record.state: record for record in records.Record.objects.select_related("instrument")}
    instrument = found["draft"].instrument
    standard = MeasurementStandard.objects.get()
    ids = {
        "instrument": instrument.pk,
        "code": instrument.code,
        "task": found["draft"].task_id,
        "standard": standard.pk,
    }
    for path in PAGES[part]:
        yield path.format(**ids, draft=found["draft"].pk, checking=found["checking"].pk)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_has_a_name_a_place_and_enough_contrast(busy: Cast, visit: Open, theme: str) -> None:
    wrong = []
    for part in PAGES:
        window = visit(theme=theme)
        if part:
            window.sign_in(getattr(busy, part).username)
        for path in addresses(busy, part):
            window.go(path)
            wrong += [f"{part} {path}: {text}" for text in window.page.evaluate(CHECK)]
            if window.page.get_attribute("html", "lang") != "zh-Hans":
                wrong.append(f"{part} {path}: language")
        window.page.close()
    assert not wrong, "\n".join(sorted(set(wrong)))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_warning_is_read_and_a_hand_over_log_fits_a_phone(busy: Cast, visit: Open, theme: str) -> None:
    task = records.Record.objects.get(state="draft").task
    verification.hand_over(
        actor=busy.actor("receptionist"), task=task, direction="in", counterpart="钱掌柜", condition="完好" * 12
    )
    scrap(actor=busy.actor("keeper"), instrument=task.instrument, reason="跌落损坏")
    window = visit(theme=theme, width=390)
    window.sign_in(busy.receptionist.username)
    window.go(f"/verification/tasks/{task.pk}/")
    assert "跌落损坏" in window.text(".alert-warning")
    assert window.page.evaluate(CHECK) == []
    assert window.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_focus_is_seen_wherever_tab_leads(busy: Cast, visit: Open) -> None:
    wrong = []
    for part, path in (("keeper", "/instruments/"), ("verifier", ""), ("checker", "")):
        window = visit()
        window.sign_in(getattr(busy, part).username)
        window.go(path or next(p for p in addresses(busy, part) if "/records/" in p))
        for _stop in range(30):
            window.page.keyboard.press("Tab")
            wrong.append(window.page.evaluate(FOCUS))
        window.page.close()
    assert [text for text in wrong if text] == []


def test_the_pages_of_the_main_path_speak_english(busy: Cast, visit: Open) -> None:
    window = visit(language="en")
    window.sign_in(busy.verifier.username)
    for path in ("/", "/standards/", "/verification/tasks/"):
        window.go(path)
        assert window.page.get_attribute("html", "lang") == "en"
        assert window.text("h1").isascii(), path
