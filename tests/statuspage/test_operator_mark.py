"""The cookie that wakes the operators' link on public pages."""

import pytest
from django.test import Client

from tests import build

pytestmark = pytest.mark.django_db


@pytest.mark.req("I12")
def test_a_signed_in_operator_is_marked_until_logging_out(client: Client) -> None:
    client.force_login(build.operator())

    cookie = client.get("/admin/").cookies["operator"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("1", True, "Lax")
    assert "operator" not in client.get("/admin/").cookies  # once is enough

    assert client.post("/admin/logout/").cookies["operator"].value == ""


def test_a_visitor_is_not_marked(client: Client) -> None:
    assert "operator" not in client.get("/admin/").cookies
    assert "operator" not in client.get("/nowhere").cookies
