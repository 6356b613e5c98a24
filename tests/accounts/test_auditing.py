"""The audit log: who, what, before and after, for every way of writing; nothing secret in it (F14)."""

import base64
import importlib
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from auditlog.registry import auditlog
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.test import Client, override_settings

from accounts import audit_trail
from accounts.models import AuditEntry, User
from accounts.roles import Role
from common import auditing
from common.auditing import HIDDEN, Actor
from components import by_hand
from components.models import Component
from components.status import Status
from incidents import announcements
from monitoring import alert_channels, muting, node_alerts, recording, tokens
from monitoring.models import AlertChannel, HealthHook, TokenKind
from tests import build
from tests.monitoring import observing

pytestmark = pytest.mark.django_db
CANARY = "CANARY-4711-secret"
BOT = f"1234567890:{CANARY}-aaaaaaaaaaaaaaaaaaaaaaaaa"
LIST = "/admin/accounts/auditentry/"


def entry(**wanted: Any) -> AuditEntry:
    found: AuditEntry = AuditEntry.objects.filter(**wanted).latest("id")
    return found


@pytest.mark.req("F14")
def test_a_form_of_the_console_leaves_who_what_before_after_and_the_trusted_address(
    client: Client,
) -> None:
    component = build.component(name="Search")
    boss = build.operator(username="ada")
    client.force_login(boss)
    with override_settings(TRUSTED_PROXY_HOPS=0):
        client.post(
            f"/admin/monitors/services/{component.pk}/",
            {"name": "Find", "slug": component.slug},
            headers={"X-Forwarded-For": "1.2.3.4"},
            REMOTE_ADDR="192.0.2.7",
        )
    found = entry(object_pk=str(component.pk), action=AuditEntry.Action.UPDATE)
    assert found.changes["name"] == ["Search", "Find"]
    assert (found.actor_id, found.actor_name) == (boss.pk, "ada")
    assert found.remote_addr == "192.0.2.7", "the header that anybody can send counts for nothing"


def test_a_proxy_of_ours_tells_the_address(client: Client) -> None:
    client.force_login(build.operator())
    component = build.component()
    with override_settings(TRUSTED_PROXY_HOPS=1):
        client.post(
            "/admin/statuses/",
            {f"status-{component.pk}": "major_outage", f"was-{component.pk}": "operational"},
            headers={"X-Forwarded-For": "1.2.3.4, 198.51.100.9"},
        )
    assert entry(object_pk=str(component.pk)).remote_addr == "198.51.100.9"


@pytest.mark.req("F14")
def test_a_status_held_by_hand_is_recorded_with_what_it_was(now: datetime) -> None:
    component = build.component()
    with auditing.acting(lambda: Actor(name="grace")):
        for held in (Status.MAJOR_OUTAGE, None):
            by_hand.choose(choices={component.pk: held}, now=now, by="grace")
    changes = [
        row.changes["held by hand"]
        for row in AuditEntry.objects.filter(actor_name="grace").order_by("id")
    ]
    assert changes == [["automatic", "major_outage"], ["major_outage", "automatic"]]


@pytest.mark.req("F14")
def test_what_goes_past_save_is_recorded_too(now: datetime) -> None:
    node, channel = build.node(), AlertChannel.objects.create(kind="email", name="Night")
    token, _secret = tokens.create(kind=TokenKind.MANAGER, now=now)
    with auditing.acting(lambda: Actor(name="grace")):
        alert_channels.switch(channel=channel, is_enabled=False)
        node_alerts.set_alerts(node=node, depends_on=[], muted_until=now)
        muting.mute_reminders(for_s=600, now=now)
        tokens.revoke(token=token, now=now)
        tokens.revoke(token=token, now=now)
    seen = [
        (row.content_type.model, *row.changes)
        for row in AuditEntry.objects.filter(actor_name="grace").order_by("id")
        if row.action == AuditEntry.Action.UPDATE
    ]
    assert ("alertchannel", "is_enabled") in seen
    assert ("node", "muted_until") in seen
    assert seen.count(("token", "revoked_at")) == 1


@pytest.mark.req("F14")
def test_programs_and_commands_act_under_a_name(client: Client, now: datetime) -> None:
    _token, secret = tokens.create(kind=TokenKind.MANAGER, label="deploys", now=now)
    client.post(
        "/manager/announcement/",
        {"title": "Hello", "text": "World"},
        content_type="application/json",
        headers={"Authorization": "Basic " + base64.b64encode(f":{secret}".encode()).decode()},
    )
    made = AuditEntry.objects.filter(content_type__model="announcement").first()
    assert made is not None
    assert made.actor_name == "token “deploys”"
    announcements.publish(title="x", text="y", now=now)
    assert entry(content_type__model="announcement").actor_name == auditing.SYSTEM.name


def test_who_acted_is_forgotten_with_the_request(client: Client, now: datetime) -> None:
    client.force_login(build.operator())
    client.get("/admin/")
    announcements.publish(title="x", text="y", now=now)
    assert entry(content_type__model="announcement").actor_id is None


@pytest.mark.req("F14")
def test_checks_write_no_entries(now: datetime) -> None:
    replica = build.replica()
    before = AuditEntry.objects.count()
    for minute in range(5):
        at = now + timedelta(minutes=minute)
        seen = observing.refused(replica, at) if minute % 2 else observing.answered(replica, at)
        recording.record(observations=[seen], now=at)
    assert AuditEntry.objects.count() == before


def test_every_model_of_incidents_is_followed_and_measured_ones_are_not() -> None:
    followed = set(auditlog.get_models())
    assert set(apps.get_app_config("incidents").get_models()) <= followed
    measured = {"Sample", "Ballot", "Pulse", "HealthChange", "StatusChange", "StatusClaim"}
    assert not measured & {model.__name__ for model in followed}
    assert AuditEntry not in followed


@pytest.mark.req("F13")
def test_no_secret_gets_into_the_log(client: Client, now: datetime) -> None:
    client.force_login(build.operator())
    channel = alert_channels.save(
        channel=AlertChannel(kind="telegram"),
        name="On call",
        values={"token": BOT, "chats": "-1001"},
        is_enabled=True,
        tells_recovery=True,
        reminders_only=False,
        cleared=(),
    )
    channel.secrets = {"token": f"{BOT}-2"}
    channel.save()
    hook = HealthHook(name="Hook")
    hook.secrets = {"url": f"https://x.example/{CANARY}", "secret": CANARY}
    hook.save()
    node = build.node(http_headers_sealed=CANARY)
    node.http_headers_sealed = f"{CANARY}-2"
    node.save()
    _token, text = tokens.create(kind=TokenKind.REPORTER, now=now)
    member = build.operator(password=CANARY)
    member.set_password(f"{CANARY}-2")
    member.session_stamp = CANARY
    member.save()
    written = str(list(AuditEntry.objects.values_list("changes", "object_repr", "serialized_data")))
    for secret in (CANARY, text, member.password, channel.sealed, hook.sealed, tokens.digest(text)):
        assert secret not in written
    assert entry(content_type__model="node").changes["http_headers_sealed"] == [HIDDEN, HIDDEN]
    assert CANARY not in client.get(LIST).content.decode()


@pytest.mark.req("F13")
def test_every_column_that_is_sealed_or_hashed_is_hidden() -> None:
    """A new column named like a secret is hidden by its name; this says which names count."""
    for name in ("http_headers_sealed", "token_digest", "password", "session_stamp", "api_secret"):
        assert auditing.is_secret(name)
    for model in auditlog.get_models():
        fields = auditlog.get_model_fields(model)
        for name in fields["include_fields"]:
            assert auditing.is_secret(name) <= (name in fields["mask_fields"]), (model, name)


@pytest.mark.req("F14")
def test_an_entry_is_only_read(client: Client) -> None:
    client.force_login(build.operator())
    build.component(name="Search")
    row = entry()
    text = client.get(LIST).content.decode()
    assert "Search" in text
    assert " entries" in text
    assert "audit log\n" not in text, "2 audit log"
    for url in (f"{LIST}add/", f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/delete/"):
        assert client.post(url, {"post": "yes"}).status_code == 403
    assert AuditEntry.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("role", [Role.RESPONDER, Role.VIEWER])
def test_only_owners_read_it(client: Client, role: str) -> None:
    client.force_login(build.operator(role=role))
    assert client.get(LIST).status_code == 403


def test_rows_that_were_referred_to_are_named_with_one_statement_a_kind(
    client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    client.force_login(build.operator())
    for number in range(3):
        build.node(component=build.component(name=f"Service {number}"))
    with django_assert_max_num_queries(16):
        page = client.get(LIST).content.decode()
    assert "<b>component</b>: Service 2" in page


def test_the_history_of_a_row_is_its_part_of_the_log(client: Client) -> None:
    client.force_login(build.operator())
    component = build.component(name="Mine")
    build.component(name="Another")
    page = client.get(f"/admin/components/component/{component.pk}/history/", follow=True)
    text = page.content.decode()
    assert "“Mine”" in text
    assert "“Another”" not in text


@pytest.mark.req("I16")
def test_a_redacted_entry_is_a_tombstone_without_text(now: datetime) -> None:
    with auditing.acting(lambda: Actor(name="grace", address="192.0.2.7")):
        row = announcements.publish(title="A name that must go", text="Its text", now=now)
        kept = row.pk
        row.delete()
        row.pk = kept
        assert auditing.redact(objects=[row], now=now) == 2
    left = AuditEntry.objects.filter(content_type__model="announcement", object_pk=str(kept))
    assert {(each.actor_name, each.remote_addr) for each in left} == {("grace", "192.0.2.7")}
    assert "name that must go" not in str(list(left.values()))
    assert auditing.redact(objects=[row], now=now) == 0, "once is enough"


def test_the_log_outlives_the_account_of_who_wrote_it(client: Client) -> None:
    boss, member = build.operator(username="ada"), build.operator(username="leaver")
    client.force_login(boss)
    component = build.component()
    with auditing.acting(lambda: Actor(name="leaver", user_id=member.pk)):
        component.name = "Renamed"
        component.save()
    User.objects.filter(pk=member.pk).delete()
    row = entry(object_pk=str(component.pk), content_type__model="component")
    assert row.actor_name == "leaver"
    assert client.get(LIST).status_code == 200


@pytest.fixture
def triggers(db: None) -> None:
    """The triggers as the migration makes them: the settings of these tests drop one (conftest)."""
    migration = importlib.import_module("accounts.migrations.0004_append_only")
    with connection.cursor() as cursor:
        migration.install(None, SimpleNamespace(connection=connection, execute=cursor.execute))


@pytest.mark.req("F14")
@pytest.mark.usefixtures("triggers")
def test_the_database_refuses_to_change_or_delete_an_entry(now: datetime) -> None:
    row = announcements.publish(title="x", text="y", now=now)
    entries = AuditEntry.objects.filter(object_pk=str(row.pk), content_type__model="announcement")
    attempts: list[Any] = [
        lambda: entries.update(actor_name="somebody else"),
        lambda: entries.update(changes={"title": ["", "something else"]}),
        lambda: entries.update(changes=None),
        lambda: entries.update(redacted_at=now),
        lambda: entries.update(timestamp=now - timedelta(days=1)),
        entries.delete,
        lambda: connection.cursor().execute("DELETE FROM accounts_auditentry"),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            attempt()
    assert entries.get().changes["title"] == ["None", "x"]
    assert auditing.redact(objects=[row], now=now) == 1
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        entries.update(redacted_at=None)


def test_names_of_fields_and_yes_or_no_are_words() -> None:
    component = Component.objects.get(pk=build.component().pk)
    component.is_visible = False
    component.save()
    row = entry(object_pk=str(component.pk), action=AuditEntry.Action.UPDATE)
    (change,) = audit_trail.changes_of([row])[row.pk]
    assert (change.name, change.before, change.after) == ("shown on the page", "yes", "no")
