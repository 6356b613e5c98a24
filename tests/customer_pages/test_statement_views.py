"""Service level statements on a customer page: for who is signed in, and nobody else."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from components.models import Component, Page
from incidents.lifecycle import Impact
from incidents.models import Incident
from tests import build
from tests.customer_pages import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Component:
    return build.component(name="API")


@pytest.fixture
def acme(api: Component) -> Page:
    return people.customer_page("acme", components=[api], now=datetime(2026, 1, 1, tzinfo=UTC))


def trouble(component: Component, title: str) -> Incident:
    return build.incident(
        components={component: None}, title=title, impact=Impact.CRITICAL, now=people.clock()
    )


def this_month() -> str:
    return f"{people.clock():%Y-%m}"


def test_a_customer_reads_the_months_and_one_of_them(acme: Page, api: Component) -> None:
    trouble(api, "Payments fail")
    trouble(build.component(name="Secret service"), "Secret trouble")
    browser = people.signed_in(acme)

    listed = browser.get(f"{people.base(acme)}/statements")
    answer = browser.get(f"{people.base(acme)}/statements/{this_month()}")

    assert f'href="{people.base(acme)}/statements/{this_month()}"' in listed.content.decode()
    text = answer.content.decode()
    assert "Payments fail" in text
    assert "Counted as down" in text
    assert "ecret" not in text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_the_same_as_csv(acme: Page, api: Component) -> None:
    trouble(api, "Payments fail")
    browser = people.signed_in(acme)

    answer = browser.get(f"{people.base(acme)}/statements/{this_month()}.csv")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="acme-{this_month()}.csv"' in answer.headers["Content-Disposition"]
    assert '"Payments fail","yes","Counted as down"' in answer.content.decode()


@pytest.mark.parametrize("month", ["2025-12", "2026-13", "later", "2020-01"])
def test_a_month_without_a_statement_is_not_found(acme: Page, month: str) -> None:
    browser = people.signed_in(acme)

    assert browser.get(f"{people.base(acme)}/statements/{month}").status_code == 404
    assert browser.get(f"{people.base(acme)}/statements/{month}.csv").status_code == 404


def test_nobody_else_reads_them(acme: Page, api: Component) -> None:
    trouble(api, "Payments fail")
    beta = people.customer_page("beta", listed=["beta.com"])
    browser = people.signed_in(beta, "bob@beta.com")

    for client in (Client(), browser):
        for path in ("statements", f"statements/{this_month()}", f"statements/{this_month()}.csv"):
            answer = client.get(f"{people.base(acme)}/{path}")
            assert answer.status_code in {302, 401}
            assert b"Payments" not in answer.content


def test_a_domain_that_left_the_list_reads_nothing_with_the_next_request(acme: Page) -> None:
    browser = people.signed_in(acme)
    people.list_only(acme)

    answer = browser.get(f"{people.base(acme)}/statements/{this_month()}")

    assert answer.status_code == 403
