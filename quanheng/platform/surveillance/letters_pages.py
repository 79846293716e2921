"""Readings that were set aside: by source and reason, to read, to download and mend."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.surveillance import policies
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.batch_pages import letters_xlsx
from quanheng.platform.surveillance.letters import letters_of, resend_letters
from quanheng.platform.surveillance.reasons import reason_words
from quanheng.platform.surveillance.views import Watching
from quanheng.platform.web.components import Action, Chip, Empty, Header, chips
from quanheng.platform.web.http import address

SHOWN = 200


class LettersPage(Watching):
    """Readings set aside, each with its place, reason and content; only those of one's own meters."""

    template_name = "surveillance/letters.html"

    def header(self) -> Header:
        lead = _("不能入库的读数连同原因保留 180 天;其余读数照常入库。")
        files = Action(_("读数文件"), reverse("surveillance:batches"), "file-spreadsheet")
        download = Action(_("下载 Excel"), address(self.request, export="xlsx"), "download")
        crumbs = [home()]
        again = Action.guarded(
            policies.may_resend(self.actor), _("重新入库"), address(self.request), method="post",
            fields={"do": "resend"}, icon="refresh",
        )  # fmt: skip
        able = self.rows.height and not again.denied and (self.rows["mapping"] != "").any()
        first = again if able else download
        return Header(
            _("被搁置的读数"), lead, crumbs=crumbs, primary=first if self.rows.height else None,
            menu=[files, *([download] if able else [])],
        )  # fmt: skip

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.whole = letters_of(self.actor)
        table = self.whole
        given = {name: request.GET.get(name, "") for name in ("source", "reason", "batch")}
        self.chosen = {name: value for name, value in given.items() if value}
        for name, value in self.chosen.items():
            table = table.filter(pl.col(name) == value)
        self.rows = table

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Judge what is listed once more, by the meters as they are listed now."""
        done = resend_letters(self.actor, self.chosen)
        messages.success(
            request,
            _("%(a)d 行已入库,%(r)d 行仍被搁置;文件中的 %(f)d 行请在该文件的页面重新处理")
            % {"a": done.accepted, "r": done.rejected, "f": done.of_files},
        )
        return redirect(reverse("surveillance:letters"))

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
