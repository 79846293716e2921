from django.db import migrations, models

KINDS = [
    ("electricity-area", "台区电能表"),
    ("charging-station", "充电站"),
    ("water-district", "供水分区"),
    ("gas-district", "燃气分区"),
    ("heat-network", "供热换热站"),
]


class Migration(migrations.Migration):
    dependencies = [("surveillance", "0007_standing_evaluation")]

    operations = [
        migrations.RemoveConstraint(model_name="area", name="area_profile_known"),
        migrations.AlterField(
            model_name="area",
            name="profile",
            field=models.CharField(choices=KINDS, default="electricity-area", max_length=30, verbose_name="类型"),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.CheckConstraint(
                condition=models.Q(profile__in=[name for name, _title in KINDS]), name="area_profile_known"
            ),
        ),
    ]
