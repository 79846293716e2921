"""How people read the places of a record: ``sections.weighing[1].I_up`` is 称量 · 2 (5 kg) · 示值 I."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from quanheng.platform.certificates import procedure as procedures
from quanheng.platform.instruments.parameters import choice_words
from quanheng.platform.kernel.language import in_english
from quanheng.procedures.form import described

PLACE = re.compile(r"sections\.(?P<section>\w+)(?:\[(?P<row>\d+)\])?(?:\.(?P<key>\w+))?")
BETWEEN = " · "


def said(words: Mapping[str, str]) -> str:
    """The words in the reader's language."""
    return words["en"] if in_english() else words["zh"]


def choice_labels(parameter: Mapping[str, Any]) -> dict[str, str]:
    """Each choice of a parameter of a form, as people read it."""
    labels = parameter["labels"]
    return {c: said(labels[c]) if c in labels else choice_words(c) for c in parameter["choices"]}


class Names:
    """Labels of everything a record sheet holds, from its procedure's form."""

    def __init__(self, procedure_id: str, data: Mapping[str, Any]) -> None:
        sheet = described(procedures.loaded(procedure_id), data.get("instrument", {}), str(data["purpose"]))
        self.sections = {s["key"]: s for s in sheet["sections"]}
        self.given = data.get("sections", {})
        self.standards = data.get("standards") or []
        self.flat = {
            f"{part}.{one['key']}": said(one["label"])
            for part, rows in (("instrument", "parameters"), ("environment", "environment"), ("checks", "checks"))
            for one in sheet[rows]
        }
        self.words = {f"instrument.{p['key']}": choice_labels(p) for p in sheet["parameters"] if p["choices"]}
        self.roles = {s["role"]: said(s["label"]) for s in sheet["standards"]}

    def of(self, path: str) -> str:
        """Where a finding or a gap is, in words; empty where nothing has that name."""
        found = PLACE.fullmatch(path)
        if found:
            return self._cell(found["section"], found["row"], found["key"])
        part, _dot, key = path.partition(".")
        if part.startswith("standards"):
            return BETWEEN.join(filter(None, (_("标准器"), self._role(path))))
        titles = {"instrument": _("器具参数"), "environment": _("环境条件"), "checks": _("外观与功能检查")}
        label = self.flat.get(f"{part}.{re.split(r'[.[]', key)[0]}")
        return BETWEEN.join((titles[part], label)) if part in titles and label else ""

    def _cell(self, key: str, row: str | None, field: str | None) -> str:
        section = self.sections.get(key)
        if section is None:
            return ""
        label = next(
            (said(f["label"]) for f in section["fields"] if f["key"] == field), self.quantity(key, field or "")
        )
        return BETWEEN.join(filter(None, (said(section["title"]), self._row(section, row), label)))

    def _row(self, section: Mapping[str, Any], row: str | None) -> str:
        """The row as the sheet counts it, with the point it measures where the procedure gives one."""
        if row is None:
            return ""
        number, rows = int(row), section["rows"] or []
        point = next((f for f in section["fields"] if f["key"] == section["point_key"]), None)
        value = str(rows[number]["given"].get(section["point_key"]) or "") if number < len(rows) else ""
        if not value or point is None or value == str(number + 1):
            return _("第 %(row)d 行") % {"row": number + 1}
        shown = f"{value} {point['symbol']}".strip()
        return _("第 %(row)d 行(%(point)s)") % {"row": number + 1, "point": shown}

    def _role(self, path: str) -> str:
        found = re.match(r"standards(?:\[(\d+)\]|\.(\w+))", path)
        if found is None:
            return ""
        role = found[2] or (
            str(self.standards[int(found[1])].get("role")) if int(found[1]) < len(self.standards) else ""
        )
        return self.roles.get(role, role)

    def section(self, key: str) -> str:
        """The title of a section."""
        return said(self.sections[key]["title"]) if key in self.sections else key

    def quantity(self, section: str, key: str) -> str:
        """The label of a computed quantity; its key where the procedure does not report it."""
        rows = self.sections.get(section, {}).get("quantities", [])
        return next((said(q["label"]) for q in rows if q["key"] == key), key)

    def symbol(self, section: str, key: str) -> str:
        """The unit symbol of a computed quantity."""
        rows = self.sections.get(section, {}).get("quantities", [])
        return next((q["symbol"] for q in rows if q["key"] == key), "")

    def result(self, one: Mapping[str, Any]) -> str:
        """Section, quantity and point of a result, with its unit."""
        section, key = str(one["section"]), str(one["quantity"])
        title, label, symbol = self.section(section), self.quantity(section, key), self.symbol(section, key)
        named = BETWEEN.join(filter(None, (title if title != label else "", label, str(one["point"]))))
        return f"{named} ({symbol})" if symbol else named

    def value(self, path: str, value: str) -> str:
        """The value of a parameter in words where it is a choice."""
        return self.words.get(path, {}).get(value, value)

    def role_of(self, path: str) -> str:
        """The role that a complaint about the list of standards speaks of."""
        found = re.match(r"standards\.(\w+)", path)
        return found[1] if found else ""
