"""Roles: who could do everything becomes an Owner, whoever else could sign in a Viewer."""

from django.db import migrations, models


def give_roles(apps, schema_editor):
    user = apps.get_model("accounts", "User")
    user.objects.filter(is_superuser=True).update(role="owner")
    user.objects.filter(is_superuser=False, is_staff=True).update(role="viewer")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AlterModelManagers("user", managers=[]),
        migrations.AddField(
            "user", "role", models.CharField("role", blank=True, default="", max_length=16)
        ),
        migrations.AddField(
            "user",
            "session_stamp",
            models.CharField(default="", editable=False, max_length=32),
        ),
        migrations.AddField(
            "user",
            "last_seen_at",
            models.DateTimeField("last seen", editable=False, null=True),
        ),
        migrations.RunPython(give_roles, migrations.RunPython.noop),
    ]
