"""Write what an entry of a timeline says of components: what visitors saw of each before and after."""

from django.db import models

from importing import plans
from importing.run import Run


def write(run: Run, chip: type[models.Model], update: models.Model, said: plans.Update) -> None:
    """Write the chips of an entry; `chip` is the model that belongs to the kind of `update`."""
    chip._default_manager.bulk_create(
        chip(
            update=update,
            component=component,
            name=component.name,
            was_visible=component.is_visible and not component.only_where_chosen,
            previous=said.components[key][0],
            status=said.components[key][1],
        )
        for key, component in run.components(said.components).items()
    )
