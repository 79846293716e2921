"""Tables of the kernel: people, organisations, regions, events, numbers, files, imports, notices."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.roles import Role


class Region(models.Model):
    """An administrative division by GB/T 2260 code; its prefix names the subtree."""

    code = models.CharField(_("行政区划代码"), max_length=6, primary_key=True)
    name = models.CharField(_("名称"), max_length=100)
    name_en = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=6, db_index=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")

    def __str__(self) -> str:
        return self.name


class OrganisationKind(models.TextChoices):
    """What an organisation is to the system."""

    ENTERPRISE = "enterprise", _("企业")
    INSTITUTE = "institute", _("检定机构")
    REGULATOR = "regulator", _("监管部门")
    OTHER = "other", _("其他")


class Organisation(models.Model):
    """A legal person or a branch; ``path`` lists its ancestors, so a subtree is one prefix."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    kind = models.CharField(_("类型"), max_length=12, choices=OrganisationKind)
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("行政区划"))
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=400, db_index=True, editable=False)
    address = models.CharField(_("地址"), max_length=300, blank=True)
    phone = models.CharField(_("电话"), max_length=40, blank=True)
    authorisation = models.CharField(_("授权证书号"), max_length=100, blank=True)
    active = models.BooleanField(_("启用"), default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["credit_code"], condition=~Q(credit_code=""), name="organisation_credit_code"
            ),
            models.CheckConstraint(condition=Q(kind__in=OrganisationKind.values), name="organisation_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person who signs in. The name printed on documents is ``name``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("姓名"), max_length=80)
    phone = models.CharField(_("手机"), max_length=40, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="people")
    preferences = models.JSONField(default=dict, blank=True)
    password_set_at = models.DateTimeField(null=True, blank=True)
    awaiting_confirmation = models.BooleanField(default=False)  # a link was used; nobody has yet seen by whom

    def __str__(self) -> str:
        return self.name or self.username


class RoleGrant(models.Model):
    """A role given to a person for an organisation's subtree and, for regulators, a region."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    role = models.CharField(_("角色"), max_length=20, choices=Role)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="grants")
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "role", "organisation"], name="role_granted_once"),
        ]


class AuditEvent(models.Model):
    """What happened, who did it, why, before and after. Appended only; sealed in batches."""

    id = models.BigAutoField(primary_key=True)
    happened_at = models.DateTimeField(db_index=True)
    recorded_at = models.DateTimeField()
    actor_id = models.UUIDField(null=True, db_index=True)
    actor_name = models.CharField(max_length=120)
    on_behalf_of = models.CharField(max_length=120, blank=True)
    verb = models.CharField(max_length=80, db_index=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64)
    organisation_id = models.UUIDField(null=True, db_index=True)
    region_code = models.CharField(max_length=6, blank=True)
    reason = models.TextField(blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject_type", "subject_id", "id"], name="event_subject")]


class AuditSeal(models.Model):
    """A Merkle root over the events ``first_id..last_id``; the next event records it."""

    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField(unique=True)
    count = models.IntegerField()
    root = models.CharField(max_length=64)
    previous_root = models.CharField(max_length=64, blank=True)
    sealed_at = models.DateTimeField()


class Sequence(models.Model):
    """A counter that stays unique under concurrency."""

    scope = models.CharField(max_length=120, primary_key=True)
    value = models.BigIntegerField(default=0)


class StoredFile(models.Model):
    """An uploaded file, kept by hash outside the database."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sha256 = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    content_type = models.CharField(max_length=100)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True)
    uploaded_by = models.UUIDField(null=True)
    uploaded_at = models.DateTimeField(default=clock.now)


class ImportBatch(models.Model):
    """One import: what came, what went in, what was refused and why; can be undone as a whole."""

    class State(models.TextChoices):
        """Where an import stands."""

        PREVIEW = "preview", _("待确认")
        APPLYING = "applying", _("正在写入")
        APPLIED = "applied", _("已导入")
        UNDONE = "undone", pgettext_lazy("import", "已撤销")
        FAILED = "failed", _("失败")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    organisation = models.ForeignKey(Organisation, models.PROTECT)
    file = models.ForeignKey(StoredFile, models.PROTECT)
    sheet = models.CharField(max_length=100, blank=True)
    header_row = models.IntegerField(default=1)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.PREVIEW)
    total = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    errors = models.JSONField(default=list)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["preview", "applying", "applied", "undone", "failed"]),
                name="import_state_known",
            ),
        ]


class Notice(models.Model):
    """A message to a person, in the product and by e-mail; the log of what was sent."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=160)
    text = models.CharField(max_length=400)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)
    emailed_at = models.DateTimeField(null=True)
    email_tries = models.PositiveSmallIntegerField(default=0)
    email_error = models.CharField(max_length=200, blank=True)
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, related_name="notices")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="notice_sent_once")]
        indexes: ClassVar = [models.Index(fields=["user", "read_at"], name="notice_unread")]


class ApiToken(models.Model):
    """A token of an organisation for the API; only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="tokens")
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)


class IdempotencyKey(models.Model):
    """The answer already given to a write, so that a repeat does nothing."""

    token = models.ForeignKey(ApiToken, models.CASCADE, null=True)
    user = models.ForeignKey(User, models.CASCADE, null=True)
    key = models.CharField(max_length=120)
    request_sha256 = models.CharField(max_length=64)
    status = models.IntegerField(default=0)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["token", "key"], name="idempotency_key_once"),
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_person"),
            models.CheckConstraint(
                condition=Q(token=None, user__isnull=False) | Q(token__isnull=False, user=None),
                name="idempotency_key_owner",
            ),
        ]


class JobRun(models.Model):
    """When a periodic job ran last, and how it went."""

    name = models.CharField(max_length=80, primary_key=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=400, blank=True)
    failed = models.BooleanField(default=False)
