"""Authorised items count once a regulator has confirmed them; those entered before were in force and stay so."""

from django.db import migrations, models
from django.utils import timezone


def confirm(apps, schema_editor):
    apps.get_model("parties", "Authorisation").objects.update(confirmed_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("parties", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="authorisation",
            name="confirmed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="确认时间"),
        ),
        migrations.RunPython(confirm, migrations.RunPython.noop),
    ]
