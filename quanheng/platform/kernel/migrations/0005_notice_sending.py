"""Of each notice: about which organisation, how often its e-mail was tried, why it was refused."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0004_keys_confirmed")]

    operations = [
        migrations.AddField("notice", "email_tries", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("notice", "email_error", models.CharField(blank=True, max_length=200, default=""), preserve_default=False),
        migrations.AddField(
            "notice",
            "organisation",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="kernel.organisation",
            ),
        ),
    ]
