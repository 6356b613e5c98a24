"""A signed-in Owner."""

import pytest
from django.test import Client

from accounts.models import User
from tests import build


@pytest.fixture
def owner(client: Client, db: None) -> User:
    """Signed in as an Owner."""
    user = build.operator(username="ada")
    client.force_login(user)
    return user
