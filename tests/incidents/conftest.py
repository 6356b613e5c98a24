"""A signed-in operator."""

import pytest
from django.test import Client

from accounts.models import User
from tests import build


@pytest.fixture
def operator(client: Client, db: None) -> User:
    """Signed in as an administrator."""
    user = build.operator(username="ada", first_name="Ada", last_name="Lovelace")
    client.force_login(user)
    return user
