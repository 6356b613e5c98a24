"""Channels may call loopback here, and every provider is a server of the test."""

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_HOOKS = True
    for name in ("SLACK_HOSTS", "DISCORD_HOSTS", "TEAMS_HOSTS", "PUSH_HOSTS"):
        setattr(settings, name, ["127.0.0.1"])
    settings.CANDOR_ORIGIN = "https://status.example.com"
