"""What a person does to sign in, over HTTP, for tests."""

import re
import time

from allauth.mfa.totp.internal import auth as totp
from django.test import Client

PASSWORD = "correct horse battery"


def sign_in(client: Client, username: str, password: str = PASSWORD, **extra: str) -> int:
    """Post the sign-in form; the status of the answer."""
    fields = {"username": username, "password": password}
    return client.post("/admin/login/", fields, **extra).status_code  # type: ignore[arg-type]


def is_inside(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def confirm(client: Client, password: str = PASSWORD) -> int:
    """Say the password once more, as before changing a factor."""
    return client.post("/admin/security/again/password/", {"password": password}).status_code


def code(secret: str, *, steps: int = 0) -> str:
    """The code of an authenticator app, of now or of some steps of 30 seconds later."""
    return str(totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30 + steps)))


def connect_app(client: Client) -> str:
    """Connect an authenticator app with the code of the step before; its secret."""
    confirm(client)
    page = client.get("/admin/security/app/connect/").content.decode()
    found = re.search(r'id="totp-secret">([A-Z2-7]+)<', page)
    assert found, page
    secret = found[1]
    answer = client.post("/admin/security/app/connect/", {"code": code(secret, steps=-1)})
    assert answer.status_code == 302, answer.content.decode()
    return secret
