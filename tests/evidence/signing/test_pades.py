from __future__ import annotations

import contextlib
import random
from datetime import timedelta
from functools import cache

import pytest

from quanheng.errors import InputError
from quanheng.evidence.issuing import issue_bytes
from quanheng.evidence.rendering import fonts
from quanheng.evidence.signing.pades import sign_pdf, verify_pdf
from tests.evidence.sample_content import make_content
from tests.evidence.signing.keys import AT, OFFICE, authority, seal

pytestmark = pytest.mark.skipif(not fonts.installed(), reason="fonts are absent: run `make assets`")
ANCHORS = [authority().certificate]


@cache
def sealed() -> bytes:
    return issue_bytes(make_content(), seal(), AT)[1]


def test_a_sealed_pdf_is_valid_and_names_its_signer() -> None:
    report = verify_pdf(sealed(), ANCHORS, now=AT)
    assert (report.state, report.signer, report.signing_time) == ("valid-now", OFFICE, AT)


def test_the_time_that_counts_decides_the_state() -> None:
    later = AT + timedelta(days=4000)
    assert verify_pdf(sealed(), ANCHORS, now=later).state == "claimed-time-only"
    assert verify_pdf(sealed(), ANCHORS, AT, now=later).state == "valid-at-timestamp"
    assert verify_pdf(sealed(), [], now=AT).state == "untrusted"


def test_any_changed_byte_is_noticed() -> None:
    rng = random.Random(3)
    data = sealed()
    start = data.rindex(b"/Contents <")
    positions = rng.sample(range(len(data)), 40) + rng.sample(range(start, len(data)), 120)
    survivors = []
    for at in positions:
        changed = bytearray(data)
        changed[at] = (changed[at] + 1 + rng.randrange(255)) % 256
        with contextlib.suppress(InputError):
            if verify_pdf(bytes(changed), ANCHORS, now=AT).good:
                survivors.append((at, changed[at]))
    assert survivors == []


@pytest.mark.parametrize("more", [b"\n", b"%%EOF\n", b" " * 20])
def test_bytes_added_behind_are_noticed(more: bytes) -> None:
    assert verify_pdf(sealed() + more, ANCHORS, now=AT).state == "tampered"


def test_a_second_seal_over_the_first_is_not_guessed_at() -> None:
    with pytest.raises(InputError):
        sign_pdf(sealed(), seal(), AT)


def test_an_unsigned_pdf_and_what_is_no_pdf() -> None:
    from quanheng.evidence.dcc.build import build
    from quanheng.evidence.rendering.certificate import render_certificate

    plain = render_certificate(make_content(), build(make_content()), AT)
    assert verify_pdf(plain, ANCHORS).state == "absent"
    with pytest.raises(InputError):
        verify_pdf(b"<xml/>", ANCHORS)
    assert not verify_pdf(b"%PDF-1.7 nonsense", ANCHORS).good
