"""Proofs checked per second, from the bare Merkle path to the whole ``quanheng-verify``.

python benchmarks/bench_verify_proof.py [SECONDS a row]
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from quanheng.evidence.bundle import make_bundle, read_bundle, write_bundle
from quanheng.evidence.content import load
from quanheng.evidence.issuing import issue_bytes
from quanheng.evidence.ledger import (
    Log,
    Signer,
    leaf,
    leaf_hash,
    open_checkpoint,
    open_status,
    parse_leaf,
    verify_inclusion,
    write_status,
)
from quanheng.evidence.ledger.note import COSIGNATURE
from quanheng.evidence.signing.authority import Authority
from quanheng.evidence.verify import Keys, verify_file, write_keys
from tests.evidence.sample_content import make_data

AT = dt.datetime(2026, 10, 12, 2, tzinfo=dt.UTC)


def rate(action: Callable[[], object], seconds: float) -> float:
    """How often the action runs in a second of one processor, whatever else the machine does."""
    action()
    count, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < seconds:
        action()
        count += 1
    return count / spent


def main() -> None:
    """A certificate in a log of 100 000 entries, cosigned by one witness."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = Authority.create(folder / "ca", "Root", at=AT - dt.timedelta(days=9))
        seal = root.issue_seal(folder / "seal", "Lab", at=AT - dt.timedelta(days=5))
        xml, pdf = issue_bytes(load(make_data()), seal, AT)
        signer, witness = Signer.generate("log.example"), Signer.generate("w.example", COSIGNATURE)
        log = Log(folder / "log", signer)
        log.append([leaf("results_sealed", f"{n:064x}", None, None, AT) for n in range(100_000)])
        entry = leaf("certificate_issued", hashlib.sha256(xml).hexdigest(), hashlib.sha256(pdf).hexdigest(), None, AT)
        index = log.ensure(entry)
        note = witness.cosign(log.checkpoint(), int(AT.timestamp()) + 60)
        status = write_status(signer, leaf_hash(entry), "issued", AT)
        bundle = make_bundle(
            xml=xml, pdf=pdf, leaf=entry, index=index, proof=log.inclusion_proof(index), checkpoint=note, status=status
        )
        keys = Keys((root.certificate,), (signer.verifier, witness.verifier))
        packed, head = write_bundle(bundle), open_checkpoint(note, keys.verifiers)
        hashed = leaf_hash(entry)

        def proof() -> None:
            """Everything but the documents' own signatures: leaf, path, checkpoint with cosignature, status."""
            parse_leaf(entry)
            found = open_checkpoint(note, keys.verifiers)
            verify_inclusion(index, found.size, leaf_hash(entry), bundle.proof, found.root)
            open_status(status, keys.verifiers)

        rows = {
            "merkle_path": lambda: verify_inclusion(index, head.size, hashed, bundle.proof, head.root),
            "proof_with_signatures": proof,
            "read_bundle": lambda: read_bundle(packed),
            "xml_with_bundle": lambda: verify_file(xml, bundle, keys),
            "pdf_with_bundle": lambda: verify_file(pdf, bundle, keys),
            "bundle_alone": lambda: verify_file(packed, None, keys),
        }
        answer: dict[str, object] = {f"{name}_per_cpu_s": round(rate(action, seconds)) for name, action in rows.items()}
        assert verify_file(packed, None, keys).result == "proven"
        (folder / "file.xml").write_bytes(xml)
        (folder / "file.json").write_bytes(packed)
        (folder / "KEYS").write_text(write_keys(keys))
        words = [
            sys.executable,
            "-m",
            "quanheng.evidence.verify",
            "file.xml",
            "--bundle",
            "file.json",
            "--keys",
            "KEYS",
        ]
        code = f"import sys; sys.argv = {words[2:]!r}; from quanheng.evidence.verify import main; sys.exit(main())"
        begun = time.perf_counter()
        for _ in range(5):
            subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True)
        answer["command_from_start_ms"] = round((time.perf_counter() - begun) * 200)
        answer["bundle_kB"] = round(len(packed) / 1000)
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
