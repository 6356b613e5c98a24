from typing import Any

from django.db import migrations, models


def keep(apps: Any, schema_editor: Any) -> None:
    """Keep with what is not told yet which of its components only some pages choose today."""
    dedicated = apps.get_model("components", "Component").objects.filter(only_where_chosen=True)
    ids = set(dedicated.values_list("id", flat=True))
    waiting = apps.get_model("subscribers", "Broadcast").objects.filter(
        expanded_at__isnull=True, cancelled_at__isnull=True
    )
    for row in waiting:
        row.dedicated_ids = sorted(ids.intersection(row.component_ids))
        row.save(update_fields=["dedicated_ids"])


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0010_only_where_chosen"),
        ("subscribers", "0011_leavers"),
    ]

    operations = [
        migrations.AddField(
            model_name="broadcast",
            name="dedicated_ids",
            field=models.JSONField(default=list),
        ),
        migrations.RunPython(keep, migrations.RunPython.noop),
    ]
