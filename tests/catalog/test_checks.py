"""`bin/manage check --deploy` finds lists that would let everybody in (B7)."""

from datetime import datetime

import pytest
from django.core.checks import run_checks

from catalog import checks, entering
from catalog.models import Entry
from tests.catalog import made

pytestmark = pytest.mark.django_db


def found() -> list[tuple[str | None, str]]:
    return [(one.id, one.msg) for one in checks.domains_that_must_not_be_listed(None)]


@pytest.mark.req("R10")
def test_a_row_that_could_not_be_saved_today_is_an_error_of_the_deploy_check(
    now: datetime,
) -> None:
    """Such a row comes from a time when the provider was not on the list, or from a restored dump."""
    source = made.customers(now)
    fine = made.entry(source, "Acme", domains="acme.com", now=now)
    (attribute,) = entering.domain_attributes(source.type)
    entering.allow_addresses(
        entry=fine,
        attribute=attribute,
        domain="gmail.com",
        typed="gmail.com",
        addresses=["ann@gmail.com"],
        by="ada",
        now=now,
    )
    assert found() == []

    bad = made.entry(source, "Beta", now=now)
    Entry.objects.filter(pk=bad.pk).update(values={"domains": ["gmail.com", "co.uk", "b.example"]})
    told = found()
    assert [code for code, _message in told] == ["catalog.E001", "catalog.E001"]
    assert "“Beta” lists co.uk" in told[0][1]
    deployed = [one.id for one in run_checks(include_deployment_checks=True)]
    assert deployed.count("catalog.E001") == 2

    entering.remove(entry=Entry.objects.get(pk=bad.pk), now=now)
    assert found() == []
