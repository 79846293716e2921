"""The whole path as tests walk it: application, task, record, check, signature."""

from __future__ import annotations

import datetime as dt
import functools
import json
import uuid
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache

from quanheng.platform.certificates import prepared, services, signing
from quanheng.platform.certificates.models import Record
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import User
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.standards.services import enter_upper_certificate
from quanheng.platform.trace.services import register_item
from quanheng.platform.verification import services as verification
from quanheng.platform.verification.models import Task
from quanheng.platform.web import second_factor
from quanheng.procedures.loader import library_folder
from tests.evidence.sample_content import make_data
from tests.platform import makers
from tests.platform.cast import Cast

TODAY = dt.date(2026, 10, 12)
SECRET = "JBSWY3DPEHPK3PXP"


def code_of(user: User) -> str:
    """What the person's authenticator shows now; as if the last code had been used long ago."""
    if not second_factor.is_set_up(user):
        TOTP.activate(user, SECRET)
    code: str = format_hotp_value(hotp_value(SECRET, int(clock.now().timestamp()) // 30))
    cache.clear()
    return code


@functools.cache
def _example(name: str) -> str:
    return (library_folder() / "examples" / f"{name}.json").read_text("utf-8")


def make_sheet(verdict: str = "pass", procedure: str = "JJG-539-2016") -> dict[str, Any]:
    """The worked example of a procedure."""
    data: dict[str, Any] = json.loads(_example(f"{procedure}.{verdict}"))
    return data


def make_root() -> uuid.UUID:
    """A national primary standard."""
    root = uuid.uuid5(uuid.NAMESPACE_URL, "national-mass")
    register_item(
        kind="national",
        id=root,
        label="国家质量基准",
        organisation=None,
        region=None,
        is_root=True,
        actor=makers.SYSTEM,
    )
    return root


def make_weights(cast: Cast, *, number: str = "LX-2026-0107", **fields: Any) -> MeasurementStandard:
    """A weight set with a declared certificate up to the national standard."""
    upper = {"valid_from": dt.date(2026, 1, 1), "valid_to": dt.date(2027, 12, 31), **fields.pop("upper", {})}
    parameters = {"mpe": "0.005"}
    weights = makers.make_standard(cast.institute, makers.make_norm(), parameters=parameters, **fields)
    enter_upper_certificate(
        actor=makers.SYSTEM,
        standard=weights,
        number=number,
        issuer_name="省计量院",
        uses=[{"standard_id": make_root(), "used_on": upper["valid_from"], "u_ratio": 0.2}],
        **upper,
    )
    return weights


def make_scale(cast: Cast, **fields: Any) -> Instrument:
    """A price scale with the parameters of the worked example."""
    return makers.make_instrument(cast.shop, parameters=make_sheet()["instrument"], **fields)


def make_task(cast: Cast, instrument: Instrument | None = None) -> Task:
    """Applied for, accepted and assigned."""
    instrument = instrument or make_scale(cast)
    with clock.at(TODAY):
        keeper, desk = cast.actor("keeper"), cast.actor("receptionist")
        application = verification.create_application(
            actor=keeper,
            organisation=cast.shop,
            institute=cast.institute,
            instruments=[instrument],
            delivery="sent_in",
        )
        verification.submit_application(actor=keeper, application=application)
        verification.accept_application(actor=desk, application=application)
        task = application.tasks.select_related("organisation", "norm", "instrument", "application").get()
        return verification.assign(actor=desk, tasks=[task], verifier=cast.verifier, on=TODAY)[0]


def filled(cast: Cast, task: Task | None = None, *, verdict: str = "pass", **changes: Any) -> Record:
    """A draft with every reading of the worked example."""
    if not MeasurementStandard.objects.filter(organisation=cast.institute).exists():
        make_weights(cast)
    record = services.open_record(task or make_task(cast), actor=cast.actor("verifier"))
    sheet = {**make_sheet(verdict), "standards": record.data["standards"], **changes}
    return services.save_draft(record, data=sheet, version=record.version, actor=cast.actor("verifier"))


def make_given(
    kind: str = "calibration_certificate", *, number_of_standard: str = "BZ-2019-0031", **changes: Any
) -> bytes:
    """A content written elsewhere, as an institute would hand it in."""
    data = {k: v for k, v in make_data().items() if k in prepared.GIVEN}
    standard = {**data["standards"][0], "number": number_of_standard}
    del data["verdict"]
    if kind == "reference_material_certificate":
        data["traceability"] = {"zh": "溯源至国家基准", "en": "Traceable to the national standard"}
    return json.dumps({**data, "standards": [standard], **changes}, ensure_ascii=False).encode()


def submitted(cast: Cast, **changes: Any) -> Record:
    """Handed to the checker."""
    return services.submit(filled(cast, **changes), actor=cast.actor("verifier"))


def checked(cast: Cast, **changes: Any) -> Record:
    """Waiting for the signature."""
    return services.check(submitted(cast, **changes), actor=cast.actor("checker"))


def signed(cast: Cast, **changes: Any) -> Record:
    """Issued."""
    return signing.sign(
        checked(cast, **changes), second_factor_code=code_of(cast.signatory), actor=cast.actor("signatory")
    )
