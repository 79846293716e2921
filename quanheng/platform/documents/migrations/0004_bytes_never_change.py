"""What a document was issued as cannot be altered, nor a leaf moved: triggers on both databases.

SQLite loses the triggers of a table when a later migration rebuilds it; such a migration must add them again.
"""

from django.db import migrations

FIXED = {
    "documents_document": (
        "number public_code organisation_id subject_id content_sha256 xml_sha256 pdf_sha256 record_sha256".split()
    ),
    "documents_leaf": ["data", "leaf_hash", "type"],
}
LEAF_MOVED = 'OLD."index" IS NOT NULL AND NEW."index" {differs} OLD."index"'
MESSAGE = "issued bytes and leaves never change"


def condition(table, differs):
    parts = [f'NEW."{c}" {differs} OLD."{c}"' for c in FIXED[table]]
    if table == "documents_leaf":
        parts.append(LEAF_MOVED.format(differs=differs))
    return " OR ".join(parts)


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in FIXED:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table} WHEN {condition(table, 'IS NOT')} "
                f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
        return
    schema_editor.execute(
        "CREATE FUNCTION documents_fixed() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
    )
    for table in FIXED:
        schema_editor.execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN ({condition(table, 'IS DISTINCT FROM')}) EXECUTE FUNCTION documents_fixed()"
        )


def backwards(apps, schema_editor):
    postgres = schema_editor.connection.vendor != "sqlite"
    for table in FIXED:
        schema_editor.execute(f"DROP TRIGGER {table}_fixed{f' ON {table}' if postgres else ''}")
    if postgres:
        schema_editor.execute("DROP FUNCTION documents_fixed")


class Migration(migrations.Migration):
    dependencies = [("documents", "0003_document_hash_index")]
    operations = [migrations.RunPython(forwards, backwards)]
