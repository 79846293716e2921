"""A standard that was used on the day it was condemned counts as usable on that day: the use came before."""

import datetime as dt

from django.db import migrations


def forwards(apps, schema_editor):
    TraceNode = apps.get_model("trace", "TraceNode")
    TraceUse = apps.get_model("trace", "TraceUse")
    for node in TraceNode.objects.exclude(condemned_from=None):
        if TraceUse.objects.filter(standard_id=node.pk, used_on=node.condemned_from).exists():
            node.condemned_from += dt.timedelta(days=1)
            node.save(update_fields=["condemned_from"])


class Migration(migrations.Migration):
    dependencies = [("trace", "0002_one_version_in_force")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
