import django.db.models.deletion
from django.db import migrations, models


def by_newest_data(apps, _editor):
    """Areas stand by the evaluation whose data end last."""
    area, evaluation = (apps.get_model("surveillance", n) for n in ("Area", "Evaluation"))
    newest = evaluation.objects.filter(area=models.OuterRef("pk")).order_by("-until", "-version").values("pk")[:1]
    area.objects.update(standing=models.Subquery(newest))


class Migration(migrations.Migration):
    dependencies = [("surveillance", "0006_charging")]

    operations = [
        migrations.AddField(
            model_name="area",
            name="standing",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="surveillance.evaluation"
            ),
        ),
        migrations.RunPython(by_newest_data, migrations.RunPython.noop),
    ]
