"""The steps that bring the named places to what the file says."""

from functools import partial

from monitoring import places
from monitoring.config_file.plans import FieldChange
from monitoring.config_file.run import Run
from monitoring.models import Location


def change_locations(run: Run) -> None:
    """Add and rename locations; `run.locations` has every one there is afterwards."""
    run.locations = {row.slug: row for row in Location.objects.order_by("slug")}
    for index, wanted in enumerate(run.loaded.document.locations or []):
        row = run.locations.get(wanted.slug)
        with run.reporting(("locations", index)):
            if row is None:
                added = places.add_location(name=wanted.name, slug=wanted.slug)
                run.locations[wanted.slug] = added
                run.added("location", f"{wanted.slug} ({wanted.name})")
            elif row.name != wanted.name:
                change = FieldChange("name", row.name, wanted.name)
                places.rename_location(location=row, name=wanted.name)
                run.changed("location", row.slug, [change])


def leave_over(run: Run) -> None:
    """Locations that are not in the file; their tokens and votes go with them."""
    if run.loaded.document.locations is None:
        return
    named = {wanted.slug for wanted in run.loaded.document.locations}
    for slug, row in run.locations.items():
        if slug not in named:
            with run.reporting(("locations",)):
                remove = partial(places.remove_location, location=row)
                run.left_over("location", f"{slug} ({row.name})", remove=remove)
