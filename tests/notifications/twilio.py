"""A provider on loopback that speaks Twilio's API: it keeps what it took, and lists it when asked."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.test import Client
from pytest_django import Settings

from tests import web

SID, TOKEN = "AC" + "1" * 32, "0123456789abcdef0123456789abcdef"
STATUS = "https://status.example.com/hooks/sms/twilio/status"


@dataclass
class Twilio:
    """`next_answers` say what comes instead of the usual answer to each message; it may be kept."""

    now: datetime
    server: web.Server
    messages: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, str]] = field(default_factory=list)
    # (is it kept, the answer; None: the usual one) for the messages to come.
    next_answers: list[tuple[bool, web.Reply | None]] = field(default_factory=list)
    # Instead of the list.
    list_answer: web.Reply | None = None

    def reply(self, got: web.Got) -> web.Reply:
        login = got.headers["authorization"].removeprefix("Basic ")
        assert base64.b64decode(login).decode() == f"{SID}:{TOKEN}"
        assert got.path == f"/2010-04-01/Accounts/{SID}/Messages.json"
        return self._listed(got) if got.method == "GET" else self._taken(got.form)

    def keep(self, **fields: Any) -> dict[str, Any]:
        kept = {
            "sid": f"SM{len(self.messages):032x}",
            "body": "",
            "to": "",
            "direction": "outbound-api",
            "status": "sent",
            "error_code": None,
            "date_created": format_datetime(self.now),
            "date_sent": None,
        } | fields
        self.messages.append(kept)
        return kept

    def _taken(self, form: Mapping[str, str]) -> web.Reply:
        is_kept, answer = self.next_answers.pop(0) if self.next_answers else (True, None)
        kept = self.keep(to=form["To"], body=form["Body"]) if is_kept else {}
        return answer or web.answer(201, json.dumps(kept))

    def _listed(self, got: web.Got) -> web.Reply:
        asked = dict(parse_qsl(urlsplit(got.target).query))
        self.questions.append(asked)
        if self.list_answer is not None:
            return self.list_answer
        found = [each for each in self.messages if each["to"] == asked["To"]]
        page = list(reversed(found))[: int(asked["PageSize"])]
        return web.answer(200, json.dumps({"messages": page, "next_page_uri": None}))


@contextmanager
def running(settings: Settings, *, now: datetime) -> Iterator[Twilio]:
    settings.ALLOW_PRIVATE_HOOKS = True
    settings.TWILIO_SID, settings.TWILIO_TOKEN = SID, TOKEN
    settings.SMS_FROM, settings.SMS_PER_S = "+15005550006", 0
    settings.SMS_STATUS_URL = STATUS
    with web.server() as server:
        provider = Twilio(now=now, server=server)
        server.reply = provider.reply
        settings.TWILIO_URL = server.url
        yield provider


def report(client: Client, url: str, *, token: str = TOKEN, **params: str) -> Any:
    """A report of the provider to this address, signed."""
    signed = url + "".join(name + params[name] for name in sorted(params))
    made = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    path = url.removeprefix("https://status.example.com")
    signature = base64.b64encode(made).decode()
    return client.post(path, params, headers={"X-Twilio-Signature": signature})
