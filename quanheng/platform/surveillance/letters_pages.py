"""Readings that were set aside: by source and reason, to read, to download and mend."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.kernel import clock
from quanheng.platform.surveillance import queries
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.batch_pages import letters_xlsx
from quanheng.platform.surveillance.reasons import reason_words
from quanheng.platform.surveillance.store import store
from quanheng.platform.surveillance.views import Watching
from quanheng.platform.web.components import Action, Chip, Empty, Header, chips
from quanheng.platform.web.http import address
from quanheng.telemetry.store.letters import Letters

SHOWN = 200
DAYS = 30


def letters_of(actor: Any) -> pl.DataFrame:
    """Dead letters of the last days from sources of the viewer's utilities."""
    table = Letters(store().root).read(since=clock.now() - dt.timedelta(days=DAYS))
    owners = [str(pk) for pk in queries.areas(actor).order_by().values_list("organisation_id", flat=True).distinct()]
    return table.filter(pl.col("source").str.slice(0, 36).is_in(owners))


class LettersPage(Watching):
    """Readings set aside, each with its place, reason and content; only those of one's own meters."""

    template_name = "surveillance/letters.html"

    def header(self) -> Header:
        lead = _("不能入库的读数连同原因保留 180 天;其余读数照常入库。")
        files = Action(_("读数文件"), reverse("surveillance:batches"), "file-spreadsheet")
        download = Action(_("下载 Excel"), address(self.request, export="xlsx"), "download")
        crumbs = [home()]
        return Header(
            _("被搁置的读数"), lead, crumbs=crumbs, primary=download if self.rows.height else None, menu=[files]
        )

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.whole = letters_of(self.actor)
        table = self.whole
        for name in ("source", "reason", "batch"):
            value = request.GET.get(name, "")
            table = table.filter(pl.col(name) == value) if value else table
        self.rows = table

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("export") == "xlsx":
            return letters_xlsx(self.rows, "readings-set-aside")
        return super().get(request, *args, **kwargs)

    def _chips(self, name: str, words: Any) -> list[Any]:
        counts = self.whole[name].value_counts(sort=True).rows()
        choices = [Chip(_("全部"), {}, self.whole.height), *(Chip(words(v), {name: v}, n) for v, n in counts[:12])]
        return chips(self.request, choices)

    def context(self) -> dict[str, Any]:
        shown = [
            {**r, "words": reason_words(r["reason"]), "name": r["source"][37:]}
            for r in self.rows.head(SHOWN).to_dicts()
        ]
        return {
            "letters": shown,
            "by_source": self._chips("source", lambda s: s[37:]) if self.whole.height else [],
            "by_reason": self._chips("reason", reason_words) if self.whole.height else [],
            "rest": max(0, self.rows.height - SHOWN),
            "empty": Empty(_("没有被搁置的读数"), _("三十天内收到的读数都已入库。"), icon="checks"),
        }
