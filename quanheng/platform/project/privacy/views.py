"""What the product holds about people, for anybody to read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from quanheng.platform.project.privacy.register import personal
from quanheng.platform.web.ratelimit import public_page


@public_page("privacy", limit=60)
def privacy(request: HttpRequest) -> HttpResponse:
    """Every declaration, in the language of the page."""
    return render(request, "project/privacy.html", {"declared": [one.told for one in personal()]})
