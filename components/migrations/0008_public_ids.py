from django.db import migrations, models

import common.public_ids


def _name_them(apps, schema_editor):
    """Every row gets a name of its own; a default would give all of them the same."""
    for model in ("Page", "ComponentGroup", "Component"):
        rows = apps.get_model("components", model).objects.filter(public_id=None)
        for pk in list(rows.values_list("pk", flat=True)):
            rows.model.objects.filter(pk=pk).update(public_id=common.public_ids.make())


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0007_pages"),
    ]

    operations = [
        *(
            migrations.AddField(
                model_name=model,
                name="public_id",
                field=models.CharField(max_length=12, null=True, editable=False),
            )
            for model in ("page", "componentgroup", "component")
        ),
        migrations.RunPython(_name_them, migrations.RunPython.noop),
        *(
            migrations.AlterField(
                model_name=model,
                name="public_id",
                field=models.CharField(
                    max_length=12,
                    unique=True,
                    default=common.public_ids.make,
                    editable=False,
                ),
            )
            for model in ("page", "componentgroup", "component")
        ),
    ]
