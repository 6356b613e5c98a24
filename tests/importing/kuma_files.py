"""Files in the formats of Uptime Kuma, made for tests: a database of 1.23 or 2.x, and what stood in it.

The tables and columns are those that interop 5.1 lists; everything in them is made up.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE monitor (id INTEGER PRIMARY KEY, name TEXT, description TEXT, active BOOLEAN DEFAULT 1,
  user_id INTEGER, interval INTEGER DEFAULT 20, url TEXT, type TEXT, weight INTEGER DEFAULT 2000,
  hostname TEXT, port INTEGER, keyword TEXT, invert_keyword BOOLEAN DEFAULT 0, maxretries INTEGER DEFAULT 0,
  ignore_tls BOOLEAN DEFAULT 0, upside_down BOOLEAN DEFAULT 0, maxredirects INTEGER DEFAULT 10,
  accepted_statuscodes_json TEXT DEFAULT '["200-299"]', dns_resolve_type TEXT, dns_resolve_server TEXT,
  retry_interval INTEGER DEFAULT 0, resend_interval INTEGER DEFAULT 0, push_token TEXT, method TEXT DEFAULT 'GET',
  body TEXT, headers TEXT, basic_auth_user TEXT, basic_auth_pass TEXT, auth_method TEXT, timeout DOUBLE DEFAULT 0,
  parent INTEGER, json_path TEXT, expected_value TEXT, mqtt_password TEXT, database_connection_string TEXT,
  packet_size INTEGER, expiry_notification BOOLEAN DEFAULT 0);
CREATE TABLE heartbeat (id INTEGER PRIMARY KEY, important BOOLEAN DEFAULT 0, monitor_id INTEGER,
  status SMALLINT, msg TEXT, time DATETIME, ping INTEGER, duration INTEGER DEFAULT 0, down_count INTEGER DEFAULT 0);
CREATE INDEX monitor_time_index ON heartbeat (monitor_id, time);
CREATE TABLE status_page (id INTEGER PRIMARY KEY, slug TEXT, title TEXT, description TEXT, icon TEXT,
  theme TEXT, published BOOLEAN DEFAULT 1, password TEXT, footer_text TEXT, custom_css TEXT);
CREATE TABLE status_page_cname (id INTEGER PRIMARY KEY, status_page_id INTEGER, domain TEXT);
CREATE TABLE "group" (id INTEGER PRIMARY KEY, name TEXT, public BOOLEAN DEFAULT 1, active BOOLEAN DEFAULT 1,
  weight INTEGER DEFAULT 1000, status_page_id INTEGER);
CREATE TABLE monitor_group (id INTEGER PRIMARY KEY, monitor_id INTEGER, group_id INTEGER,
  weight INTEGER DEFAULT 1000, send_url BOOLEAN DEFAULT 0);
CREATE TABLE incident (id INTEGER PRIMARY KEY, title TEXT, content TEXT, style TEXT, created_date DATETIME,
  last_updated_date DATETIME, pin BOOLEAN DEFAULT 1, active BOOLEAN DEFAULT 1, status_page_id INTEGER);
CREATE TABLE maintenance (id INTEGER PRIMARY KEY, title TEXT, description TEXT, user_id INTEGER,
  active BOOLEAN DEFAULT 1, strategy TEXT DEFAULT 'single', start_date DATETIME, end_date DATETIME,
  start_time TIME, end_time TIME, weekdays TEXT, days_of_month TEXT, interval_day INTEGER, cron TEXT,
  timezone TEXT, duration INTEGER);
CREATE TABLE monitor_maintenance (id INTEGER PRIMARY KEY, monitor_id INTEGER, maintenance_id INTEGER);
CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT, color TEXT);
CREATE TABLE monitor_tag (id INTEGER PRIMARY KEY, monitor_id INTEGER, tag_id INTEGER, value TEXT);
CREATE TABLE notification (id INTEGER PRIMARY KEY, name TEXT, active BOOLEAN, user_id INTEGER, is_default BOOLEAN, config TEXT);
CREATE TABLE proxy (id INTEGER PRIMARY KEY, host TEXT, username TEXT, password TEXT);
CREATE TABLE user (id INTEGER PRIMARY KEY, username TEXT, password TEXT);
CREATE TABLE setting (id INTEGER PRIMARY KEY, key TEXT, value TEXT, type TEXT);
"""
_SECOND = """
CREATE TABLE knex_migrations (id INTEGER PRIMARY KEY, name TEXT, batch INTEGER, migration_time DATETIME);
CREATE TABLE stat_daily (id INTEGER PRIMARY KEY, monitor_id INTEGER, timestamp INTEGER, ping REAL,
  up SMALLINT, down SMALLINT, extras TEXT);
ALTER TABLE monitor ADD COLUMN manual_status SMALLINT;
ALTER TABLE heartbeat ADD COLUMN end_time DATETIME;
"""
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a made-up past: 0 down, 1 up, 2 pending, 3 maintenance."""

    at: datetime
    status: int
    duration_s: int


class Database:
    """A database of Uptime Kuma while it is made; in WAL mode, as it runs."""

    def __init__(self, path: Path, *, version: int) -> None:
        self.path = path
        self.connection = sqlite3.connect(path)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA wal_autocheckpoint = 0")
        self.connection.executescript(_SCHEMA + (_SECOND if version == 2 else ""))
        self.version = version

    def add(self, table: str, **values: Any) -> None:
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        self.connection.execute(
            f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(values.values())
        )
        self.connection.commit()

    def add_past(self, monitor: int, checks: Sequence[Check]) -> None:
        """Write a past as the version keeps it: every check, or what changed and the counts of days."""
        kept = [
            (check, previous is None or is_important(previous, check.status))
            for previous, check in zip(
                [None, *(one.status for one in checks)], checks, strict=False
            )
        ]
        if self.version == 2:
            kept = [(check, flag) for check, flag in kept if flag] + [(checks[-1], False)]
            self._count(monitor, checks)
        self.connection.executemany(
            "INSERT INTO heartbeat (monitor_id, status, time, duration, important) VALUES (?,?,?,?,?)",
            [
                (monitor, check.status, f"{check.at:%Y-%m-%d %H:%M:%S}.000", check.duration_s, flag)
                for check, flag in kept
            ],
        )
        self.connection.commit()

    def _count(self, monitor: int, checks: Iterable[Check]) -> None:
        counts: dict[int, list[int]] = {}
        for check in checks:
            key = int(check.at.timestamp()) // DAY_S * DAY_S
            up_down = counts.setdefault(key, [0, 0])
            if check.status != 3:
                up_down[0 if check.status == 1 else 1] += 1
        for key, (up, down) in counts.items():
            self.add("stat_daily", monitor_id=monitor, timestamp=key, ping=12.0, up=up, down=down)


def is_important(previous: int, status: int) -> bool:
    """Which changes Uptime Kuma marks: a retry that succeeds, or begins, is none."""
    if previous == status or 2 in (previous, status):
        return (previous, status) == (2, 0)
    return True


def checks(
    start: datetime, *, count: int, every_s: int, words: Iterable[tuple[int, int, int]] = ()
) -> list[Check]:
    """A past of so many checks: (from check, to check, status) for those that are not up."""
    statuses = [1] * count
    for low, high, status in words:
        statuses[low:high] = [status] * (high - low)
    return [
        Check(start + timedelta(seconds=every_s * place), status, every_s if place else 0)
        for place, status in enumerate(statuses)
    ]


def backup(path: Path, *, monitors: Sequence[dict[str, Any]]) -> Path:
    """A backup file of 1.23."""
    path.write_text(
        json.dumps(
            {
                "version": "1.23.17",
                "notificationList": [
                    {
                        "id": 1,
                        "name": "Ops",
                        "config": json.dumps({"type": "slack", "hook": "s3cr3t"}),
                    }
                ],
                "monitorList": list(monitors),
            }
        )
    )
    return path
