"""Bring the database to what a config file says: what `bin/manage apply` and the demo call."""

from datetime import datetime

from django.db import transaction

from catalog.models import CatalogType
from components import catalogue
from components.models import Component, Page
from monitoring.config_file import (
    alert_steps,
    catalog_steps,
    catalogue_steps,
    dependency_steps,
    inventory_steps,
    location_steps,
    page_steps,
)
from monitoring.config_file.loading import Loaded
from monitoring.config_file.plans import Plan
from monitoring.config_file.problems import ConfigInvalid
from monitoring.config_file.run import Run
from monitoring.models import Replica


def apply(
    *,
    loaded: Loaded,
    now: datetime,
    prunes: bool = False,
    is_dry_run: bool = False,
    reads_references: bool = True,
) -> Plan:
    """Apply a valid file in one transaction; what was changed.

    Fields that the file leaves out get their default; `page`, `pages`, `catalog`, `locations` and
    every section of `alerts` stay as they are when left out, and so do `manual` and mutes. What is not in the file
    is removed when `prunes`, else kept; of pages, locations and channels only where the file lists
    some. A dry run makes every change and takes it back. `reads_references` is false for a file from
    elsewhere: whoever may change the page may not read the host's environment and files by it.

    Raises ConfigInvalid, with nothing changed, for what only the database or the environment
    reveals: a secret that is not there, a circle, a value that an operation refuses.
    """
    run = Run(loaded=loaded, now=now, prunes=prunes, reads_references=reads_references)
    with transaction.atomic():
        _lock()
        catalogue_steps.change_page(run)
        location_steps.change_locations(run)
        placed = catalogue_steps.change_groups(run)
        for item, component in catalogue_steps.change_components(run, placed):
            inventory_steps.change_nodes(
                run, component=component, wanted=item.wanted, path=item.path
            )
        catalogue_steps.leave_over(run, placed)
        page_steps.change_pages(run)
        catalog_steps.change_catalog(run)
        dependency_steps.change_dependencies(run)
        location_steps.leave_over(run)
        alert_steps.change_alerts(run)
        if run.problems or is_dry_run:
            transaction.set_rollback(True)
    if run.problems:
        raise ConfigInvalid(run.problems)
    return run.plan


def _lock() -> None:
    """Take turns with other applications, with changes of the catalog, which end at components and
    pages, and with recorders in their own order (no deadlock)."""
    for rows in (CatalogType.objects.all(), Replica.objects.all(), Component.objects.all()):
        list(rows.select_for_update(of=("self",)).order_by("id").values_list("id"))
    catalogue.page()
    list(Page.objects.select_for_update(of=("self",)).order_by("id").values_list("id"))
