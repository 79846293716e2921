"""A stop may say until when it is meant."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("instruments", "0005_chains_of_ended_verifications")]

    operations = [
        migrations.AddField(
            model_name="instrument",
            name="stopped_until",
            field=models.DateField(blank=True, null=True, verbose_name="预计启用日期"),
        ),
    ]
