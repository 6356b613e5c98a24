"""Let a check rewrite its replica's row without touching any index (PostgreSQL: HOT updates)."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def leave_room(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A row stays on its page only while there is room for its next version."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE monitoring_replica SET (fillfactor = 50)")


def fill_up(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE monitoring_replica RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0011_replaced_secrets")]

    operations = [
        migrations.RemoveIndex(model_name="replica", name="replica_due"),
        migrations.RemoveIndex(model_name="replica", name="replica_fresh"),
        migrations.RunPython(leave_room, fill_up),
    ]
