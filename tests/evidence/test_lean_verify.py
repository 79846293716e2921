"""quanheng-verify as a small distribution of its own: a stranger installs tens of megabytes, not five hundred."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from quanheng.evidence.bundle import make_bundle, write_bundle
from quanheng.evidence.issuing import issue_bytes
from quanheng.evidence.ledger import Log, Signer, leaf, leaf_hash
from quanheng.evidence.ledger.status import write_status
from quanheng.evidence.signing.authority import Authority
from quanheng.evidence.verify import Keys, write_keys
from tests.evidence.sample_content import make_content

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "verify" / "pyproject.toml").read_text("utf-8"))
AT = dt.datetime(2026, 10, 12, 2, 0, tzinfo=dt.UTC)
# what the whole product needs and a checker does not
HEAVY = ["numpy", "scipy", "polars", "typst", "pydantic", "yaml", "xmlschema", "segno", "xlsxwriter", "django", "gmalg"]
RUN = """
import sys
sys.modules.update(dict.fromkeys(sys.argv.pop(1).split(","), None))  # importing one of these is an error
def watch(event, _):
    if event.startswith("socket."):
        raise SystemExit("a socket was opened")
sys.addaudithook(watch)
import quanheng
assert quanheng.__file__.startswith(sys.argv.pop(1)), quanheng.__file__
from quanheng.evidence.verify import main
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the wheel holds, where it would put them."""
    target = tmp_path_factory.mktemp("lean")
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    for source, place in wheel["force-include"].items():
        origin = ROOT / "verify" / source
        (target / place).parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, target / place)
        else:
            shutil.copy(origin, target / place)
    return target


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate with bundle and KEYS."""
    folder = tmp_path_factory.mktemp("case")
    authority = Authority.create(folder / "ca", "Test root", at=AT - dt.timedelta(days=10))
    xml, pdf = issue_bytes(make_content(), authority.issue_seal(folder / "seal", "Office", at=AT), AT)
    signer = Signer.generate("log.example")
    log = Log(folder / "log", signer)
    entry = leaf("certificate_issued", hashlib.sha256(xml).hexdigest(), hashlib.sha256(pdf).hexdigest(), None, AT)
    index = log.ensure(entry)
    status = write_status(signer, leaf_hash(entry), "issued", AT + dt.timedelta(days=1))
    proof = log.inclusion_proof(index)
    bundle = make_bundle(
        xml=xml, pdf=pdf, leaf=entry, index=index, proof=proof, checkpoint=log.checkpoint(), status=status
    )
    (folder / "c.pdf").write_bytes(pdf)
    (folder / "c.bundle.json").write_bytes(write_bundle(bundle))
    (folder / "KEYS").write_text(write_keys(Keys((authority.certificate,), (signer.verifier,))), "utf-8")
    return folder


def run(installed: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", RUN, ",".join(HEAVY), str(installed), *argv]
    return subprocess.run(words, capture_output=True, text=True, cwd=installed, env={"PYTHONPATH": str(installed)})


def test_it_proves_a_pdf_and_a_bundle_with_its_own_modules_and_libraries_alone(installed: Path, case: Path) -> None:
    keys = ["--keys", str(case / "KEYS"), "--json"]
    for argv in ([str(case / "c.bundle.json")], [str(case / "c.pdf"), "--bundle", str(case / "c.bundle.json")]):
        done = run(installed, *argv, *keys)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["result"] == "proven"


def test_it_tells_an_altered_file(installed: Path, case: Path) -> None:
    data = (case / "c.pdf").read_bytes()
    (case / "altered.pdf").write_bytes(data[:-40] + b" " + data[-39:])
    argv = ["altered.pdf", "--bundle", "c.bundle.json", "--keys", "KEYS", "--json"]
    done = run(installed, *[str(case / a) if not a.startswith("--") else a for a in argv])
    assert (done.returncode, json.loads(done.stdout)["result"]) == (1, "tampered")


def test_its_dependencies_are_among_those_of_the_whole_with_the_same_bounds() -> None:
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["evidence"]
    assert set(PROJECT["project"]["dependencies"]) <= set(whole)
