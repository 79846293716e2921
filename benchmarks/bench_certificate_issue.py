"""Time from content to an entry in the log, step by step: ``python benchmarks/bench_certificate_issue.py [N [SUITE]]``."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.read import read
from quanheng.evidence.ledger import Log, Signer, leaf
from quanheng.evidence.rendering.certificate import render_certificate
from quanheng.evidence.signing.authority import Authority
from quanheng.evidence.signing.pades import sign_pdf, verify_pdf
from quanheng.evidence.signing.suite import DEFAULT, SUITES
from quanheng.evidence.signing.xades import sign_xml
from quanheng.evidence.signing.xmlverify import verify_xml
from tests.evidence.sample_content import make_content

AT = datetime(2026, 10, 12, 8, 30, tzinfo=UTC)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    suite = SUITES[sys.argv[2]] if len(sys.argv) > 2 else DEFAULT
    root = Authority.create(Path(tempfile.mkdtemp()) / "ca", "bench", at=AT, suite=suite)
    log = Log(Path(tempfile.mkdtemp()), Signer.generate("bench.example"))
    seal = root.issue_seal(Path(tempfile.mkdtemp()) / "seal", "bench", at=AT)
    steps: dict[str, list[float]] = {}
    for index in range(count + 1):
        start = time.perf_counter()
        content = make_content(number=f"LZ-2026-{index:06d}")
        done = {"content": time.perf_counter()}
        xml = build(content)
        done["build"] = time.perf_counter()
        xml = sign_xml(xml, seal, AT)
        done["sign XML"] = time.perf_counter()
        pdf = render_certificate(content, xml, AT)
        done["print"] = time.perf_counter()
        pdf = sign_pdf(pdf, seal, AT)
        done["seal PDF"] = time.perf_counter()
        log.ensure(leaf("certificate_issued", sha256(xml).hexdigest(), sha256(pdf).hexdigest(), None, AT))
        done["log"] = time.perf_counter()
        verify_xml(xml, [root.certificate], now=AT)
        done["(verify XML)"] = time.perf_counter()
        verify_pdf(pdf, [root.certificate], now=AT)
        done["(verify PDF)"] = time.perf_counter()
        read(xml)
        done["(read XML)"] = time.perf_counter()
        if index == 0:
            print(f"first, imports and fonts included: {(done['log'] - start) * 1e3:.0f} ms")
            continue
        for name, end in done.items():
            steps.setdefault(name, []).append((end - start) * 1e3)
            start = end
    total = [sum(v) for v in zip(*(s for name, s in steps.items() if not name.startswith("(")), strict=True)]
    for name, times in [*steps.items(), ("issue, whole path", total)]:
        print(
            f"{name:18} median {statistics.median(times):6.1f} ms   p95 {sorted(times)[int(len(times) * 0.95)]:6.1f} ms"
        )
    print(f"suite {suite.name}, XML {len(xml) / 1e3:.0f} kB, PDF {len(pdf) / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
