"""Asking a time-stamping authority over HTTP. Apart from all else, so that checking never opens a socket."""

from __future__ import annotations

import secrets
import urllib.error
import urllib.request

from quanheng.errors import InputError
from quanheng.evidence.signing.timestamp import request, token_of
from quanheng.evidence.signing.xades import Stamper

_MAX = 256 * 1024


def http_stamper(url: str, seconds: float = 15.0) -> Stamper:
    """A stamper for ``sign_xml``; InputError where the authority cannot be reached or refuses."""
    if not url.startswith(("http://", "https://")):
        raise InputError("tsa", f"{url!r} is no http address of a time-stamping authority", "--tsa")

    def stamp(data: bytes) -> bytes:
        nonce = secrets.randbits(63)
        asked = urllib.request.Request(  # noqa: S310 the scheme was checked above
            url, data=request(data, nonce), headers={"Content-Type": "application/timestamp-query"}
        )
        try:
            with urllib.request.urlopen(asked, timeout=seconds) as answer:  # noqa: S310
                body = answer.read(_MAX + 1)
        except (urllib.error.URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise InputError("tsa", f"the time-stamping authority cannot be reached: {reason}", url) from None
        return token_of(body[:_MAX], nonce)

    return stamp
