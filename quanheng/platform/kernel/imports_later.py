"""Large imports are written by the worker: the page may be left, and whoever asked is told at the end."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django_tasks import task

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, imports, notices
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import ImportBatch, User
from quanheng.platform.kernel.people import actor_of
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.kernel.words import words_of

LARGE = 2_000
STUCK = dt.timedelta(minutes=30)  # a worker that was killed leaves an import behind; then it may be begun again


def begin(*, actor: Actor, batch: ImportBatch, url: str) -> ImportBatch:
    """Apply a small file at once; leave a large one to the worker, which tells the person under ``url``."""
    if batch.total < LARGE or actor.user_id is None:
        return imports.apply(actor=actor, batch=batch)
    require(imports.kind_named(batch.kind).may(actor, batch.organisation))
    now, state = clock.now(), ImportBatch.State
    open_ = Q(state=state.PREVIEW) | Q(state=state.APPLYING, applied_at__lt=now - STUCK)
    with transaction.atomic():
        if not ImportBatch.objects.filter(open_, pk=batch.pk).update(state=state.APPLYING, applied_at=now):
            raise Refused(_("这次导入已在写入或已办结,请刷新页面"), code="wrong_state")
        asked = (str(batch.pk), str(actor.user_id), url)
        transaction.on_commit(lambda: write.enqueue(*asked))
    batch.refresh_from_db()
    return batch


def stuck(batch: ImportBatch) -> bool:
    """Whether the worker that had it must be gone."""
    return (
        batch.state == ImportBatch.State.APPLYING
        and batch.applied_at is not None
        and batch.applied_at < clock.now() - STUCK
    )


@task()
def write(batch_id: str, user_id: str, url: str) -> None:
    """The job: as the person who asked, with the roles they have now. What fails leaves the import as it was."""
    rows = ImportBatch.objects.filter(pk=uuid.UUID(batch_id), state=ImportBatch.State.APPLYING)
    batch = rows.select_related("organisation", "file").first()
    user = User.objects.filter(pk=uuid.UUID(user_id), is_active=True).first()
    if batch is None:
        return
    try:
        if user is None:
            raise Refused(_("申请导入的账户已停用"), code="inactive")
        with translation.override(user.preferences.get("language", settings.LANGUAGE_CODE)):
            done = imports.apply(actor=actor_of(user), batch=batch, state=ImportBatch.State.APPLYING)
            _tell(user, batch, url, _("已导入 %(n)d 行,有错 %(m)d 行") % {"n": done.accepted, "m": done.rejected})
    except InputError as error:
        rows.update(state=ImportBatch.State.PREVIEW, applied_at=None)
        if user is not None:
            _tell(user, batch, url, _("导入没有完成:%(why)s") % {"why": words_of(error)})
    except Exception:
        rows.update(state=ImportBatch.State.PREVIEW, applied_at=None)
        raise


def _tell(user: User, batch: ImportBatch, url: str, words: str) -> None:
    moment = clock.now().isoformat()
    told = notices.Message(user.pk, "import", f"import-{batch.pk}-{moment}", f"{batch.file.name}:{words}", url)
    notices.send([told])
