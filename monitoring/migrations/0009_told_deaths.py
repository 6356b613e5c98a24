import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0008_silence_by_mode")]

    operations = [
        migrations.CreateModel(
            name="ToldDeath",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=400)),
                ("address", models.CharField(max_length=2000)),
                ("told_at", models.DateTimeField()),
                (
                    "replica",
                    models.ForeignKey(
                        default=None,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="monitoring.replica",
                    ),
                ),
            ],
        ),
    ]
