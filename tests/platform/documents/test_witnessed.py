"""The product and its witnesses: asked by the clock, their cosignatures travel in the bundle, KEYS name them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from quanheng.errors import InputError
from quanheng.evidence.bundle import read_bundle
from quanheng.evidence.ledger import open_checkpoint
from quanheng.evidence.verify import read_keys, verify_file
from quanheng.evidence.witness import Witness
from quanheng.evidence.witness.server import make_server
from quanheng.platform.documents import ledger
from quanheng.platform.documents.keys import keys_text, log_signer
from tests.platform.cast import Cast
from tests.platform.documents.steps import issue_and_merge


@pytest.fixture
def neighbour(tmp_path: Path) -> Iterator[Witness]:
    """A witness that serves, named in the installation's keys, and gone again afterwards."""
    witness = Witness.create(tmp_path / "witness", "neighbour.example")
    witness.watch([log_signer().verifier])
    server = make_server(witness, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    named = settings.QUANHENG.keys_dir / "witnesses"
    key = witness.signer.verifier.line
    named.write_text(f"witness n {key} http://127.0.0.1:{server.server_port}\nquorum n\n")
    yield witness
    named.unlink()
    (settings.QUANHENG.log_dir / "cosigned").unlink(missing_ok=True)
    server.shutdown()
    server.server_close()


@pytest.mark.django_db
def test_a_bundle_carries_what_the_witness_signed_also_after_the_log_grew(cast: Cast, neighbour: Witness) -> None:
    document = issue_and_merge(cast)
    keys = read_keys(keys_text().encode())
    assert keys.policy.demands
    assert verify_file(ledger.bundle(document), None, keys).result == "not_proven"
    assert ledger.collect_cosignatures().startswith("1 witnesses have seen")
    issue_and_merge(cast)  # the newest checkpoint has no cosignature again
    packed = ledger.bundle(document)
    assert open_checkpoint(read_bundle(packed).checkpoint, keys.verifiers).stamps
    outcome = verify_file(packed, None, keys)
    assert (outcome.result, {s.code for s in outcome.gaps}) == ("proven", set())
    assert "witnessed" in {s.code for s in outcome.proven}
    served = Client().get("/log/cosigned")
    assert served.status_code == 200
    assert served.content.decode() == (settings.QUANHENG.log_dir / "cosigned").read_text()


@pytest.mark.django_db
def test_a_silent_witness_is_named_and_asked_again_later(cast: Cast, neighbour: Witness) -> None:
    issue_and_merge(cast)
    named = settings.QUANHENG.keys_dir / "witnesses"
    whole = named.read_text()
    named.write_text(whole.replace("http://127.0.0.1:", "http://127.0.0.1:1/"))
    begun = time.monotonic()
    with pytest.raises(InputError, match="n: unreachable"):
        ledger.collect_cosignatures()
    assert time.monotonic() - begun < 10
    named.write_text(whole)
    assert ledger.collect_cosignatures().startswith("1 witnesses")
    assert neighbour.seen(ledger.log().head().origin).head.size == ledger.log().size


@pytest.mark.django_db
def test_without_witnesses_nobody_is_asked(cast: Cast) -> None:
    issue_and_merge(cast)
    assert ledger.collect_cosignatures() == "no witness to ask"
