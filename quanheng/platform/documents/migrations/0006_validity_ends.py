"""Documents keep what ended them. The acts of the past are in the audit trail: each becomes a row."""

from zoneinfo import ZoneInfo

from django.db import migrations, models

CIVIL = ZoneInfo("Asia/Shanghai")
CAUSES = {
    "instruments.send_to_repair": "repaired",
    "instruments.move": "moved",
    "instruments.relocate": "moved",
    "instruments.scrap": "scrapped",
}


def from_the_trail(apps, schema_editor):
    AuditEvent = apps.get_model("kernel", "AuditEvent")
    ValidityEnd = apps.get_model("documents", "ValidityEnd")
    rows = AuditEvent.objects.filter(verb__in=list(CAUSES)).order_by("id")
    rows = rows.values_list("subject_id", "verb", "happened_at")
    made = (
        ValidityEnd(subject_id=subject, cause=CAUSES[verb], on=at.astimezone(CIVIL).date(), at=at)
        for subject, verb, at in rows.iterator(chunk_size=2000)
    )
    ValidityEnd.objects.bulk_create(made, batch_size=2000)


def when_recorded(apps, schema_editor):
    Document = apps.get_model("documents", "Document")
    Document.objects.filter(recorded_at=None).update(recorded_at=models.F("issued_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0005_documents_of_results"),
        ("kernel", "0003_idempotency_of_people"),
    ]

    operations = [
        # nullable and without a default, so that SQLite adds it in place and keeps the table's triggers
        migrations.AddField("document", "recorded_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="ValidityEnd",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("subject_id", models.UUIDField()),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("moved", "迁移"),
                            ("repaired", "送修"),
                            ("changed", "改变"),
                            ("scrapped", "报废"),
                        ],
                        max_length=8,
                    ),
                ),
                ("on", models.DateField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cause__in", ["moved", "repaired", "changed", "scrapped"])),
                        name="validity_end_cause_known",
                    )
                ],
                "indexes": [models.Index(fields=["subject_id", "on"], name="validity_end_subject")],
            },
        ),
        migrations.RunPython(when_recorded, migrations.RunPython.noop),
        migrations.RunPython(from_the_trail, migrations.RunPython.noop),
    ]
