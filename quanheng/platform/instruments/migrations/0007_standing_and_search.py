"""Where an instrument stands as a column, and an index of every two neighbouring characters for searching millions."""

from collections.abc import Callable
from typing import Any

from django.db import migrations, models

import quanheng.platform.instruments.words


# What words.pairs_of does, with built-in functions alone: the pairs that begin at odd places, then those at even ones.
PAIRS = r"""
CREATE FUNCTION instrument_pairs(given text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
BEGIN
  RETURN string_to_array(
    regexp_replace(given, '(..)', '\1|', 'g') || '|' || regexp_replace(substr(given, 2), '(..)', '\1|', 'g'), '|');
END $$;
CREATE INDEX instrument_search_pairs ON instruments_instrument USING gin (instrument_pairs(search));
"""
UNDO = "DROP INDEX instrument_search_pairs; DROP FUNCTION instrument_pairs(text);"


def on_postgresql(sql: str) -> Callable[[Any, Any], None]:
    """A step that only PostgreSQL takes; SQLite scans, which is enough for what it holds."""

    def run(_apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(sql, params=None)

    return run


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0001_initial'),
        ('instruments', '0006_stopped_until'),
        ('kernel', '0006_import_applying'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='instrument',
            name='instrument_owner_state',
        ),
        migrations.RemoveIndex(
            model_name='instrument',
            name='instrument_region_state',
        ),
        migrations.AddField(
            model_name='instrument',
            name='standing',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(state='scrapped', then=models.Value('scrapped')), models.When(state__in=('stopped', 'repair'), then=models.Value('stopped')), models.When(state='awaiting', then=models.Value('awaiting')), models.When(models.Q(('verified_on__isnull', True), ('invalidated_on__isnull', False), ('last_verdict', 'reject'), _connector='OR'), then=models.Value('unverified')), default=models.Value('verified'), output_field=models.CharField()), output_field=models.CharField(max_length=10)),
        ),
        migrations.AlterField(
            model_name='instrument',
            name='search',
            field=quanheng.platform.instruments.words.SearchField(blank=True, max_length=400),
        ),
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(fields=['organisation', 'standing', 'valid_until'], name='instrument_owner_standing'),
        ),
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(fields=['region', 'standing', 'valid_until'], name='instrument_region_standing'),
        ),
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(fields=['standing', 'valid_until'], include=('region', 'state', 'mandatory', 'quantity'), name='instrument_standing'),
        ),
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(condition=models.Q(('state', 'filing')), fields=['region'], name='instrument_filing'),
        ),
        migrations.RunPython(on_postgresql(PAIRS), on_postgresql(UNDO)),
    ]
