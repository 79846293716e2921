"""A fictional institute abroad: its key, its national standard, and the DCC it issued for one of ours."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
import uuid
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

import quanheng
from quanheng.evidence.content import CertificateContent, load
from quanheng.evidence.dcc.build import build as build_dcc
from quanheng.evidence.signing.authority import Authority
from quanheng.evidence.signing.xades import sign_xml
from quanheng.platform.kernel import clock, imports
from quanheng.platform.project.demo import days
from quanheng.platform.project.demo.offices import BUILDER
from quanheng.platform.project.demo.world import CITY_INSTITUTE, World
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace.services import register_item

NAME = "Nordmark National Metrology Institute"
ROOT = uuid.uuid5(uuid.NAMESPACE_URL, "urn:quanheng:demo:foreign")
MONTHS = 24


def build(world: World, standard: MeasurementStandard) -> None:
    """Register the institute's standard as accepted, issue the DCC under its own key, and enter it as it came."""
    day = days.ago(world.today, 430)
    register_item(
        kind="foreign",
        id=ROOT,
        label="DC energy primary standard, Nordmark (CIPM MRA)",
        organisation=None,
        region=None,
        is_root=True,
        actor=BUILDER,
    )
    with tempfile.TemporaryDirectory() as folder:
        at = days.moment(day, 15)
        authority = Authority.create(Path(folder) / "root", f"{NAME} Root", at=at)
        seal = authority.issue_seal(Path(folder) / "seal", NAME, at=at)
        data = sign_xml(build_dcc(content(standard, day)), seal, at)
    accept(authority.certificate)
    actor = world.actor(world.staff[CITY_INSTITUTE].manager)
    with clock.at(days.moment(days.ago(world.today, 408), 11)):
        batch, _found = imports.preview(
            actor=actor,
            kind="dcc",
            organisation=standard.organisation,
            data=data,
            name="NNMI-4711.xml",
            options={"months": str(MONTHS)},
        )
        imports.mend(actor=actor, batch=batch, cells={"1": {"standards": f"1={ROOT}:0.2"}})
        imports.apply(actor=actor, batch=batch, all_or_nothing=True)


def accept(root: x509.Certificate) -> None:
    """The city's office accepts what that institute signs."""
    folder = settings.QUANHENG.keys_dir / "accepted"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nordmark.pem").write_bytes(root.public_bytes(Encoding.PEM))


def content(standard: MeasurementStandard, day: dt.date) -> CertificateContent:
    """What the calibration certificate says."""
    digest = hashlib.sha256(b"NNMI procedure 12").hexdigest()
    data: dict[str, Any] = {
        "kind": "calibration_certificate",
        "number": f"NNMI-{day:%Y}-4711",
        "issued_on": day,
        "performed_from": day,
        "performed_to": day,
        "issuer": {"name": NAME, "name_en": NAME, "address": "Measure Square 1, Nordhaven", "country": "XN"},
        "customer": {"name": standard.organisation.name, "name_en": standard.organisation.name_en},
        "place": {"kind": "laboratory", "text": "Nordhaven, laboratory 3"},
        "item": {
            "name": standard.name,
            "name_en": "Calibrator for DC charging equipment",
            "serial_number": standard.serial_number,
            "manufacturer": "Nordmess",
            "accuracy_class": standard.accuracy,
            "code": standard.code,
        },
        "norm": {"number": "NNMI PR-12", "title": "Calibration of DC energy meters"},
        "procedure": {"id": "NNMI-PR-12", "sha256": digest},
        "standards": [{"name": "DC energy primary standard", "number": "NN-P-01", "certificate_number": "CMC NN 4.2"}],
        "environment": [
            {
                "quantity": {"zh": "温度", "en": "Temperature"},
                "value": "23.0",
                "unit": "\\degreecelsius",
                "ref_type": "basic_temperature",
            }
        ],
        "tables": [_table()],
        "conclusion": {"zh": "校准结果见表", "en": "Results are given in the table"},
        "people": [{"role": "verifier", "name": "E. Lindqvist"}, {"role": "signatory", "name": "Dr. A. Holm"}],
        "signature_act": {
            "signatory": "Dr. A. Holm",
            "at": days.moment(day, 14),
            "meaning": {"zh": "批准", "en": "Approved"},
            "factor": "smart card",
        },
        "record_sha256": hashlib.sha256(b"NNMI record 4711").hexdigest(),
        "software": {
            "name": "Quanheng",
            "version": quanheng.__version__,
            "sha256": hashlib.sha256(quanheng.__version__.encode()).hexdigest(),
        },
        "public_url": "https://nnmi.example/dcc/4711",
    }
    return load(data)


def _table() -> dict[str, Any]:
    points = {"current": ["25", "125", "250"], "error": ["0.012", "0.008", "-0.004"]}
    return {
        "title": {"zh": "电能误差", "en": "Error of energy"},
        "columns": [
            {
                "key": "current",
                "title": {"zh": "电流", "en": "Current"},
                "unit": "\\ampere",
                "ref_type": "basic_nominalValue",
                "values": points["current"],
            },
            {
                "key": "error",
                "title": {"zh": "误差", "en": "Error"},
                "unit": "\\percent",
                "ref_type": "basic_measurementError",
                "values": points["error"],
                "U": ["0.02"],
                "k": "2",
                "p": "0.95",
            },
        ],
    }
