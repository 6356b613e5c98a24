import pytest
from django.test import Client

from tests import build

pytestmark = pytest.mark.django_db


def test_an_operator_without_the_right_is_told_whom_to_ask() -> None:
    client = Client()
    client.force_login(build.operator(is_superuser=False))
    answer = client.get("/admin/components/component/")
    assert answer.status_code == 403
    assert "Your account may not do this" in answer.text


def test_a_form_without_its_token_is_refused_with_a_way_on() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(build.operator())
    answer = client.post("/admin/", {"anything": "1"})
    assert answer.status_code == 403
    assert "This form is too old" in answer.text
