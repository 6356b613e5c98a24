from collections import defaultdict
from typing import Any

from django.db import migrations, models


def keep(apps: Any, schema_editor: Any) -> None:
    """Keep with each event which of its components only some pages choose today."""
    for event, row, column in (
        ("Incident", "AffectedComponent", "incident_id"),
        ("Maintenance", "AffectedService", "maintenance_id"),
    ):
        rows = apps.get_model("incidents", row).objects.filter(component__only_where_chosen=True)
        found = defaultdict(list)
        for event_id, component_id in rows.order_by("component_id").values_list(
            column, "component_id"
        ):
            found[event_id].append(component_id)
        events = apps.get_model("incidents", event).objects
        for event_id, ids in found.items():
            events.filter(pk=event_id).update(dedicated_ids=ids)


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0010_only_where_chosen"),
        ("incidents", "0008_announcement_pages"),
    ]

    operations = [
        migrations.AddField(
            model_name="incident",
            name="dedicated_ids",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="dedicated_ids",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.RunPython(keep, migrations.RunPython.noop),
    ]
