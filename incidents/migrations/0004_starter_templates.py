"""Four templates to begin with; they are the operators' own from then on."""

from datetime import UTC, datetime

from django.db import migrations

STARTERS = [
    {
        "kind": "incident",
        "name": "API errors",
        "title": "Errors from {component}",
        "text": (
            "Some requests to {components} fail since about {time}. Requests that fail can be sent "
            "again.\n\nWe are looking for the cause."
        ),
        "impact": "major",
    },
    {
        "kind": "incident",
        "name": "Slow performance",
        "title": "{component} is slow",
        "text": (
            "{components} answers more slowly than usual since about {time}. Everything works, it "
            "takes longer.\n\nWe are looking for the cause."
        ),
        "impact": "minor",
    },
    {
        "kind": "incident",
        "name": "Delayed jobs",
        "title": "Jobs are late",
        "text": (
            "Work in the background of {components} is late since about {time}. Nothing is lost: "
            "what waits is done once we have caught up.\n\nWe are looking for the cause."
        ),
        "impact": "minor",
    },
    {
        "kind": "maintenance",
        "name": "Maintenance",
        "title": "Maintenance of {components}",
        "text": (
            "We work on {components}. During this time they may not answer, or answer slowly.\n\n"
            "You need not do anything."
        ),
        "impact": "none",
    },
]


def add(apps, schema_editor):
    template = apps.get_model("incidents", "EventTemplate")
    for starter in STARTERS:
        template.objects.get_or_create(
            kind=starter["kind"],
            name=starter["name"],
            defaults=starter | {"created_at": datetime.now(tz=UTC)},
        )


class Migration(migrations.Migration):
    """Going back leaves them: they may have been edited, and the table goes with its own migration."""

    dependencies = [("incidents", "0003_maintenance")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
