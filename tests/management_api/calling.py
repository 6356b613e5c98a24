"""A program that calls the management API of the test's own installation."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts import access_tokens
from accounts.models import User
from accounts.roles import Role
from tests import build

BASE = "/api/manage/v1"


class Caller:
    """Calls with one token. Each method returns the response; paths are below the API."""

    def __init__(
        self,
        *,
        scopes: Collection[str] = ("*:read", "*:write"),
        role: Role = Role.OWNER,
        owner: User | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        self.owner = owner or build.operator(role=role)
        self.token, self.secret = access_tokens.create(
            owner=self.owner,
            label="test",
            scopes=scopes,
            expires_at=expires_at or timezone.now() + timedelta(days=1),
            now=timezone.now(),
        )
        self._client = Client()

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)

    def put(self, path: str, body: object = None, **headers: str) -> Any:
        return self.ask("PUT", path, body, **headers)

    def patch(self, path: str, body: object = None, **headers: str) -> Any:
        return self.ask("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.ask("DELETE", path, **headers)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Send a request; `headers` are named like `if_match`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.generic(
            method,
            BASE + path,
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"authorization": f"Bearer {self.secret}"} | sent,
        )
