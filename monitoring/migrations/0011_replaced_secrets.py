from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0010_flapping")]

    operations = [
        migrations.AddField(
            model_name=name,
            name="replaced_at",
            field=models.DateTimeField(default=None, editable=False, null=True),
        )
        for name in ("alertchannel", "healthhook")
    ]
