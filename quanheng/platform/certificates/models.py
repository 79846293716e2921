"""The raw record of a verification and its way through three people; certificates of others, as they came."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quanheng.platform.catalog.models import Norm
from quanheng.platform.documents.models import DocumentKind
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.workflow import Stateful

RECORD_STATES = ("draft", "checking", "signing", "issued", "voided")
PREPARED_STATES = ("checking", "signing", "issued", "voided")
PREPARED_KINDS = [
    (kind.value, kind.label)
    for kind in DocumentKind
    if kind not in (DocumentKind.VERIFICATION_CERTIFICATE, DocumentKind.REJECTION_NOTICE)
]


class Record(Stateful):
    """A raw record: readings as text, the result as computed, the people, the document it became."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey("verification.Task", models.PROTECT, related_name="records")
    instrument = models.ForeignKey("instruments.Instrument", models.PROTECT, related_name="records")
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="records")
    procedure_id = models.CharField(max_length=40)
    procedure_sha256 = models.CharField(max_length=64)
    data = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    verdict = models.CharField(max_length=8, blank=True)
    performed_on = models.DateField(_("检定日期"))
    place = models.CharField(_("检定地点"), max_length=200, blank=True)
    verifier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="records_made")
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="records_checked")
    signatory = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="records_signed")
    submitted_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    document = models.OneToOneField("documents.Document", models.PROTECT, null=True, related_name="record")
    saved_at = models.DateTimeField(default=clock.now)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=RECORD_STATES), name="record_state_known"),
            models.UniqueConstraint(fields=["task"], condition=~Q(state="voided"), name="one_record_per_task"),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "state"], name="record_institute_state")]

    @property
    def norm(self) -> Norm | None:
        """The norm of its task."""
        return self.task.norm


class PreparedDocument(Stateful):
    """A document whose content was written elsewhere: the content as handed in, its raw record, the three people."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="prepared_documents")
    kind = models.CharField(_("类型"), max_length=32, choices=PREPARED_KINDS)
    title = models.CharField(_("对象"), max_length=300)
    content = models.JSONField(default=dict)
    content_sha256 = models.CharField(max_length=64)
    record_sha256 = models.CharField(max_length=64)
    record_name = models.CharField(_("原始记录"), max_length=200)
    norm = models.ForeignKey("catalog.Norm", models.PROTECT, verbose_name=_("依据"))
    performed_on = models.DateField(_("测量日期"))
    owner = models.ForeignKey("kernel.Organisation", models.PROTECT, null=True, related_name="+")
    instrument = models.ForeignKey("instruments.Instrument", models.PROTECT, null=True, related_name="prepared")
    verifier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="prepared_made")
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="prepared_checked")
    signatory = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="prepared_signed")
    checked_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    document = models.OneToOneField("documents.Document", models.PROTECT, null=True, related_name="prepared")
    replaces = models.ForeignKey("documents.Document", models.PROTECT, null=True, related_name="prepared_replacements")
    reason = models.CharField(_("替换原因"), max_length=300, blank=True)
    reason_en = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=PREPARED_STATES), name="prepared_state_known"),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "state"], name="prepared_institute_state")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.title}"


class RecordStandard(models.Model):
    """A standard used for a record, on the day of use."""

    record = models.ForeignKey(Record, models.CASCADE, related_name="standards")
    standard = models.ForeignKey("standards.MeasurementStandard", models.PROTECT)
    role = models.CharField(max_length=40, blank=True)
    used_on = models.DateField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["record", "standard"], name="record_standard_once")]


class ForeignCertificate(models.Model):
    """A certificate that somebody else issued: its bytes by hash, what the file says, what its signatures proved.

    Dates of the file stay as its text; ``performed_on`` is read from them. It is never one of our documents.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="foreign_certificates")
    batch = models.ForeignKey("kernel.ImportBatch", models.PROTECT, related_name="foreign_certificates")
    file_name = models.CharField(_("文件"), max_length=200)
    sha256 = models.CharField(max_length=64, db_index=True)
    xml_sha256 = models.CharField(max_length=64, db_index=True)
    number = models.CharField(_("证书编号"), max_length=80)
    issuer_name = models.CharField(_("出具机构"), max_length=200)
    issuer_country = models.CharField(max_length=8, blank=True)
    customer_name = models.CharField(_("委托方"), max_length=200, blank=True)
    version = models.CharField(max_length=20)
    begin = models.CharField(max_length=40, blank=True)
    end = models.CharField(max_length=40, blank=True)
    issued = models.CharField(_("签发日期"), max_length=40, blank=True)
    performed_on = models.DateField(_("校准/检定日期"))
    valid_until = models.DateField(_("有效期至"))
    validity_stated = models.BooleanField(default=False)
    signature_state = models.CharField(_("签名"), max_length=24)
    signatures = models.JSONField(default=list)
    schema_state = models.CharField(max_length=20)
    findings = models.JSONField(default=dict)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, related_name="superseded_by")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "xml_sha256"], name="foreign_certificate_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "number"], name="foreign_number")]

    def __str__(self) -> str:
        return f"{self.number} ({self.issuer_name})"


class ForeignItem(models.Model):
    """An item of a foreign certificate as the file names it, and what of the ledger a person took it for."""

    certificate = models.ForeignKey(ForeignCertificate, models.PROTECT, related_name="items")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=300, blank=True)
    manufacturer = models.CharField(max_length=300, blank=True)
    model = models.CharField(max_length=300, blank=True)
    identifiers = models.JSONField(default=list)
    subject_type = models.CharField(max_length=12, choices=[("instrument", "instrument"), ("standard", "standard")])
    subject_id = models.UUIDField(db_index=True)
    subject_added = models.BooleanField(default=False)
    trace_id = models.UUIDField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["certificate", "subject_id"], name="foreign_item_once"),
        ]


class ForeignValue(models.Model):
    """One value of a foreign certificate's results: every text as in the file, ``reckoned`` beside it for sorting."""

    certificate = models.ForeignKey(ForeignCertificate, models.PROTECT, related_name="values")
    table = models.PositiveIntegerField()
    row = models.PositiveIntegerField()
    measurement = models.TextField(blank=True)
    result = models.TextField(blank=True)
    column = models.TextField(blank=True)
    ref_type = models.TextField(blank=True)
    label = models.TextField(blank=True)
    time = models.TextField(blank=True)
    value = models.TextField(blank=True)
    reckoned = models.FloatField(null=True)
    unit = models.TextField(blank=True)
    uncertainty = models.TextField(blank=True)
    kind = models.CharField(max_length=12, blank=True)
    k = models.TextField(blank=True)
    p = models.TextField(blank=True)
    distribution = models.TextField(blank=True)
    low = models.TextField(blank=True)
    high = models.TextField(blank=True)
    conformity = models.TextField(blank=True)
    relative = models.TextField(blank=True)
    relative_unit = models.TextField(blank=True)
    imaginary = models.TextField(blank=True)
    imaginary_unit = models.TextField(blank=True)
