"""The typed parameters a category's procedure asks of an instrument (Max, e, …), as form fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.errors import InputError
from quanheng.platform.catalog.models import InstrumentCategory
from quanheng.platform.catalog.queries import procedure_ids
from quanheng.platform.kernel.language import in_english
from quanheng.platform.web.forms import several
from quanheng.procedures.form import form
from quanheng.procedures.loader import Loaded, load
from quanheng.procedures.schema import Parameter, Text
from quanheng.procedures.sections import symbol_of

PREFIX = "p_"
ANSWERS = {"yes": gettext_lazy("是"), "no": gettext_lazy("否")}


def said(text: Text) -> str:
    """A text of a procedure in the language of the page."""
    return text.en if in_english() and text.en else text.zh


def choice_words(choice: str, label: Text | None = None) -> str:
    """A choice as people read it: the procedure's own words, a unit's symbol, yes and no; else as it is kept."""
    if label is not None:
        return said(label)
    return symbol_of(choice) if choice.startswith("\\") else str(ANSWERS.get(choice, choice))


def shown(parameters: tuple[Parameter, ...], kept: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Label, value and unit symbol of the parameters kept with an instrument; unknown ones as they are."""
    known = {p.key: p for p in parameters}
    rows = []
    for key, value in kept.items():
        one = known.get(key)
        texts = [str(v) for v in value] if isinstance(value, list) else [str(value)]
        if one is None:
            rows.append((key, ", ".join(texts), ""))
            continue
        words = [choice_words(t, one.labels.get(t)) if one.kind == "choice" else t for t in texts]
        code = one.unit or ""
        unit = _unit(code, kept, known) if code else ""
        rows.append((said(one.label), ", ".join(words), symbol_of(unit) if unit else ""))
    return rows


def _unit(code: str, kept: Mapping[str, Any], known: Mapping[str, Parameter]) -> str:
    """``$unit`` names a parameter that holds the unit."""
    if not code.startswith("$"):
        return code
    other = known.get(code[1:])
    return str(kept.get(code[1:]) or (other.default if other else "") or "")


def procedure_of(category: InstrumentCategory | None, day: dt.date) -> Loaded | None:
    """The first procedure in force that this release carries."""
    for identifier in procedure_ids(category, day) if category else []:
        try:
            return load(identifier)
        except InputError:
            continue
    return None


def parameters_of(category: InstrumentCategory | None, day: dt.date) -> tuple[Parameter, ...]:
    """Parameters of the category's procedure; none where there is none."""
    loaded = procedure_of(category, day)
    return loaded.procedure.parameters if loaded else ()


def complaints(loaded: Loaded | None, kept: Mapping[str, Any]) -> list[str]:
    """What is wrong with parameters that were given; those left out are asked for when a record is made."""
    if loaded is None or not kept:
        return []
    labels = {p.key: said(p.label) for p in loaded.procedure.parameters}
    wrong = [_("没有名为“%(name)s”的参数") % {"name": name} for name in kept if name not in labels]
    for problem in form(loaded, dict(kept))["problems"]:
        key = problem["path"].removeprefix("instrument.")
        if key in kept:
            words = problem["en"] if in_english() else problem["zh"]
            wrong.append(f"{labels.get(key, key)}: {words}")
    return wrong


def fields_for(
    parameters: tuple[Parameter, ...], now: Mapping[str, Any], *, defaults: bool = True
) -> dict[str, forms.Field]:
    """One form field for each; values stay text as they are typed. None is required to keep a ledger.

    ``defaults`` proposes the procedure's own values; a filed instrument does not change by being looked at.
    """
    found: dict[str, forms.Field] = {}
    for one in parameters:
        label = said(one.label)
        if one.unit and not one.unit.startswith("$"):
            label = f"{label} ({symbol_of(one.unit)})"
        initial = now.get(one.key, (one.default or "") if defaults else "")
        if isinstance(initial, list):
            initial = ", ".join(str(v) for v in initial)
        common: dict[str, Any] = {"label": label, "required": False, "initial": initial}
        if one.kind == "choice":
            choices = [("", "—"), *((c, choice_words(c, one.labels.get(c))) for c in one.choices)]
            found[PREFIX + one.key] = forms.ChoiceField(choices=choices, **common)
        else:
            hint = _("多个值用顿号、逗号或空格分开") if one.kind == "list" else ""
            found[PREFIX + one.key] = forms.CharField(max_length=200, help_text=hint, **common)
    return found


def values_from(parameters: tuple[Parameter, ...], clean: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as they are kept with the instrument; empty ones are left out."""
    found: dict[str, Any] = {}
    for one in parameters:
        text = str(clean.get(PREFIX + one.key) or "").strip()
        if text:
            found[one.key] = several(text) if one.kind == "list" else text
    return found
