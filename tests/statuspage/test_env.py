from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from statuspage import env


@pytest.mark.parametrize(
    ("raw", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("", False)]
)
def test_a_flag_is_read(monkeypatch: pytest.MonkeyPatch, raw: str, value: bool) -> None:
    monkeypatch.setenv("SWITCH", raw)
    assert env.flag("SWITCH") is value


@pytest.mark.parametrize(
    ("read", "raw"),
    [
        (env.flag, "perhaps"),
        (lambda name: env.number(name, 1), "two"),
        (lambda name: env.number(name, 1, at_least=3), "2"),
        (lambda name: env.origin(name, ""), "status.example.com"),
        (lambda name: env.origin(name, ""), "https://status.example.com/page"),
        (lambda name: env.origin(name, ""), "https://status.example.com:port"),
        (lambda name: env.database(name, sqlite_path=Path("x")), "mysql://u:p@h/db"),
        (lambda name: env.database(name, sqlite_path=Path("x")), "postgres://u:p@h"),
        (env.email, "imap://mail.example.com"),
        (env.email, "smtp://"),
        (env.addresses, "192.0.2.1 status.example.com"),
        (lambda name: env.servers(name, "", port=53), "dns.example.com"),
        (lambda name: env.servers(name, "", port=53), "192.0.2.1:port"),
        (lambda name: env.endpoint(name, port=443), "https://status.example.com"),
        (lambda name: env.endpoint(name, port=443), "user@caddy"),
    ],
)
def test_garbage_stops_the_start_and_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, read: object, raw: str
) -> None:
    monkeypatch.setenv("SOME_NAME", raw)
    with pytest.raises(ImproperlyConfigured, match="SOME_NAME"):
        read("SOME_NAME")  # type: ignore[operator]


def test_a_secret_comes_from_the_variable_or_from_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text("from a file\n", encoding="utf-8")
    monkeypatch.setenv("KEY_FILE", str(file))
    assert env.secret("KEY") == "from a file"
    monkeypatch.setenv("KEY", "direct")
    assert env.secret("KEY") == "direct"
    monkeypatch.delenv("KEY")
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "missing"))
    with pytest.raises(ImproperlyConfigured, match="KEY_FILE"):
        env.secret("KEY")


def test_a_database_address_becomes_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB", "postgres://us%40er:p%2Fw@db.example.com:5433/status?sslmode=require")
    settings = env.database("DB", sqlite_path=Path("unused"))
    assert (settings["USER"], settings["PASSWORD"], settings["HOST"]) == (
        "us@er",
        "p/w",
        "db.example.com",
    )
    assert (settings["PORT"], settings["NAME"]) == ("5433", "status")
    assert settings["OPTIONS"]["sslmode"] == "require"


@pytest.mark.req("F-10")
def test_a_connection_with_a_dead_link_is_given_up_while_senders_remember_what_was_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DB", "postgres://u:p@db.example.com/status?keepalives_idle=7")
    options = env.database("DB", sqlite_path=Path("unused"))["OPTIONS"]
    pauses_s = options["keepalives_interval"] * options["keepalives_count"]
    assert options["tcp_user_timeout"] / 1000 < 30
    assert int(options["keepalives_idle"]) == 7
    assert int(options["keepalives_idle"]) + pauses_s < 30


@pytest.mark.parametrize(
    ("raw", "port", "starttls", "tls"),
    [
        ("smtp://mail.example.com", 25, False, False),
        ("smtp+tls://u:p@mail.example.com", 587, True, False),
        ("smtps://mail.example.com", 465, False, True),
        ("smtp://mail.example.com:2525", 2525, False, False),
    ],
)
def test_a_mail_address_becomes_settings(
    monkeypatch: pytest.MonkeyPatch, raw: str, port: int, starttls: bool, tls: bool
) -> None:
    monkeypatch.setenv("MAIL", raw)
    settings = env.email("MAIL")
    assert (settings["EMAIL_PORT"], settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (
        port,
        starttls,
        tls,
    )


def test_servers_are_read_with_their_ports_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVERS", "192.0.2.1 192.0.2.2:5300 2001:DB8::1 [2001:db8::2]:5300")
    assert env.servers("SERVERS", "", port=53) == [
        ("192.0.2.1", 53),
        ("192.0.2.2", 5300),
        ("2001:db8::1", 53),
        ("2001:db8::2", 5300),
    ]
    monkeypatch.setenv("PROXY", "caddy")
    assert env.endpoint("PROXY", port=443) == ("caddy", 443)
    assert env.endpoint("NONE", port=443) is None
    monkeypatch.setenv("ADDRESSES", "192.0.2.1 2001:DB8:0::1")
    assert env.addresses("ADDRESSES") == ["192.0.2.1", "2001:db8::1"]
