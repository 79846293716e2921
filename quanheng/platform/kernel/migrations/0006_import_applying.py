"""A large import is written by the worker; meanwhile it says so."""

from django.db import migrations, models
from django.db.models import Q

STATES = ["preview", "applying", "applied", "undone", "failed"]


class Migration(migrations.Migration):
    dependencies = [("kernel", "0005_notice_sending")]

    operations = [
        migrations.RemoveConstraint(model_name="importbatch", name="import_state_known"),
        migrations.AlterField(
            model_name="importbatch",
            name="state",
            field=models.CharField(
                choices=[
                    ("preview", "待确认"),
                    ("applying", "正在写入"),
                    ("applied", "已导入"),
                    ("undone", "已撤销"),
                    ("failed", "失败"),
                ],
                default="preview",
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="importbatch",
            constraint=models.CheckConstraint(condition=Q(state__in=STATES), name="import_state_known"),
        ),
    ]
