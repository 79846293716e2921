"""What was told last of each instrument, and the days an organisation chose instead of what a person chose."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("instruments", "0003_state_awaiting"),
        ("kernel", "0005_notice_sending"),
    ]

    operations = [
        # nullable and without a default, so that SQLite adds them in place
        migrations.AddField("instrument", "reminded_for", models.DateField(editable=False, null=True)),
        migrations.AddField("instrument", "reminded_lead", models.SmallIntegerField(editable=False, null=True)),
        migrations.CreateModel(
            name="ReminderRule",
            fields=[
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="reminder_rule",
                        serialize=False,
                        to="kernel.organisation",
                    ),
                ),
                ("days", models.JSONField(default=list)),
            ],
        ),
    ]
