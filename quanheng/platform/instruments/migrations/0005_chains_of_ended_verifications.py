"""The chain of an instrument ends with its verification: what was moved, repaired, scrapped or rejected before now."""

from django.db import migrations

ENDINGS = ("issued", "revoked")


def endings(apps):
    """(item, day, moment) of everything that ended verifications, oldest first."""
    ValidityEnd = apps.get_model("documents", "ValidityEnd")
    Document = apps.get_model("documents", "Document")
    for item, on, at in ValidityEnd.objects.order_by("at").values_list("subject_id", "on", "at").iterator():
        yield item, on, at
    rejected = Document.objects.filter(verdict__in=["fail", "reject"], state__in=ENDINGS).order_by("performed_on")
    for item, on, at in rejected.values_list("subject_id", "performed_on", "recorded_at").iterator():
        yield item, on, at


def forwards(apps, schema_editor):
    TraceCertificate = apps.get_model("trace", "TraceCertificate")
    Document = apps.get_model("documents", "Document")
    held = set(TraceCertificate.objects.filter(void_from=None).values_list("item_id", flat=True))
    for item, on, at in endings(apps):
        if item not in held:
            continue
        for paper in TraceCertificate.objects.filter(item_id=item, void_from=None, valid_from__lte=on):
            if paper.valid_to is not None and paper.valid_to < on:
                continue
            made = Document.objects.filter(pk=paper.document_id).values_list("recorded_at", flat=True).first()
            if paper.valid_from == on and made is not None and at is not None and made > at:
                continue  # verified anew on that day
            paper.void_from = on
            paper.save(update_fields=["void_from"])


class Migration(migrations.Migration):
    dependencies = [
        ("instruments", "0004_reminders"),
        ("documents", "0006_validity_ends"),
        ("trace", "0003_day_of_last_use"),
    ]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
