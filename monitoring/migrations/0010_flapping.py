from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0009_told_deaths")]

    operations = [
        migrations.AddField(
            model_name="replica",
            name="alerted_at",
            field=models.DateTimeField(default=None, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="replica",
            name="flaps",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="replica",
            name="flapped_at",
            field=models.DateTimeField(default=None, editable=False, null=True),
        ),
    ]
