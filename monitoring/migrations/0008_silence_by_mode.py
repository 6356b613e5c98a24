"""Without a limit of its own, a local node is dead after its announced interval and the grace (V3).

60 s was what nobody chose; it held a daemon with a short interval for alive too long.
"""

import django.core.validators
from django.db import migrations, models


def take_new_default(apps, _schema_editor):
    nodes = apps.get_model("monitoring", "Node").objects
    nodes.filter(mode="local", silent_after_s=60).update(silent_after_s=None)


def take_old_default(apps, _schema_editor):
    apps.get_model("monitoring", "Node").objects.filter(silent_after_s=None).update(
        silent_after_s=60
    )


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0007_full_nodes")]

    operations = [
        migrations.AlterField(
            model_name="node",
            name="silent_after_s",
            field=models.FloatField(
                blank=True,
                default=None,
                help_text="No report for that long makes the replica dead. Empty: 60 for push; for local the announced interval and the grace.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(604800),
                ],
                verbose_name="dead after silence (seconds)",
            ),
        ),
        migrations.RunPython(take_new_default, take_old_default),
    ]
