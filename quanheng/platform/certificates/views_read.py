"""The page where certificates of anybody are dropped and read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from quanheng.platform.certificates import reading
from quanheng.platform.certificates.intake import kind as intake
from quanheng.platform.certificates.views_intake import may_open
from quanheng.platform.documents.keys import accepted_roots
from quanheng.platform.instruments.import_views import organisations_for
from quanheng.platform.kernel.language import in_english
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.web.components import Action, Header
from quanheng.platform.web.pages import Page


class ReadCertificates(Page):
    """Files are read in memory and kept nowhere."""

    template_name = "certificates/read.html"

    def header(self) -> Header:
        return Header(
            _("读取数字证书"),
            lead=_("任何机构的数字校准证书(DCC 2.3.0 至 3.3.0),或带有它的 PDF。文件只在内存中读取,不会保存。"),
            crumbs=[(pgettext("list", "证书"), reverse("certificates:list"))],
            menu=[Action(_("接受的信任根"), reverse("certificates:roots"), "certificate")],
        )

    def context(self) -> dict[str, object]:
        return {"most": reading.MAX_FILES, "into": self._into()}

    def _into(self) -> list[Organisation]:
        """For whom the person may import; none where that is not theirs to do."""
        return list(organisations_for(self.actor, intake.KIND)[:200]) if may_open(self.actor) else []

    def post(self, request: HttpRequest) -> HttpResponse:
        """Every file's reading, in the order given."""
        lang = "en" if in_english() else "zh"
        given = request.FILES.getlist("files")
        if not given:
            return self.draw(status=422, problem=_("请选择证书文件。"))
        if len(given) > reading.MAX_FILES:
            return self.draw(status=422, problem=_("一次最多读取 %(n)s 个文件。") % {"n": reading.MAX_FILES})
        found = [self._one(file, lang) for file in given]
        return self.draw(readings=found, status=422 if all(r.problem for r in found) else 200)

    def _one(self, file: object, lang: str) -> reading.Reading:
        name = str(getattr(file, "name", "") or "?")[-120:]
        size = int(getattr(file, "size", 0) or 0)
        data = bytes(file.read()) if size <= reading.MAX_FILE else b"\x00" * (reading.MAX_FILE + 1)  # type: ignore[attr-defined]
        return reading.read_file(self.actor, name, data, lang)


class Roots(Page):
    """Whose certificates count as proven here: the roots, their fingerprints, until when they hold."""

    template_name = "certificates/roots.html"

    def header(self) -> Header:
        return Header(
            _("接受的信任根"),
            lead=_(
                "签名通到这些信任根的外来证书才是「已证明」的依据。请向所属机构当面或电话核对 SHA-256。"
                "由系统管理员放入 DATA/keys/accepted。"
            ),
            crumbs=[(_("读取数字证书"), reverse("certificates:read"))],
        )

    def context(self) -> dict[str, object]:
        return {"roots": accepted_roots()}
