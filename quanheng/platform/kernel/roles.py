"""The roles a person may hold. An unknown role is worth nothing."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """One word per role; scope comes from the grant (organisation subtree and region)."""

    SYSTEM_ADMIN = "system_admin", _("系统管理员")
    SECURITY_ADMIN = "security_admin", _("安全管理员")
    AUDIT_ADMIN = "audit_admin", _("审计管理员")
    REGULATOR = "regulator", _("监管人员")
    RECEPTIONIST = "receptionist", _("受理员")
    VERIFIER = "verifier", _("检定员")
    CHECKER = "checker", _("核验员")
    SIGNATORY = "signatory", _("授权签字人")
    LAB_MANAGER = "lab_manager", _("机构管理员")
    ENTERPRISE = "enterprise", _("企业计量员")


SECOND_FACTOR_ROLES = frozenset({Role.SIGNATORY, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
# Whose keys nobody may hold who manages them: the three people of a certificate, and administrators.
GUARDED_ROLES = SECOND_FACTOR_ROLES | {Role.VERIFIER, Role.CHECKER}
INSTITUTE_ROLES = frozenset({Role.RECEPTIONIST, Role.VERIFIER, Role.CHECKER, Role.SIGNATORY, Role.LAB_MANAGER})
