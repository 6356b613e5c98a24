"""Many rows of one model written in one statement, with no more columns than are named.

Django's bulk_update builds a CASE a column and row, its upsert has to carry every column of the
table, and its bulk_create an object a row: each takes several times as long for 500 rows.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Field, Model

# The text of the statements is made of our own tables' and columns' names only (S608).
Row = Mapping[str, Any]
"""Values by column name as the model's own attributes have them (`node_id`, not `node`)."""


def update(model: type[Model], rows: Sequence[Row]) -> None:
    """Write these columns of existing rows, each named by its `id`; all name the same columns."""
    if not rows:
        return
    fields = _fields(model, [name for name in rows[0] if name != "id"])
    table = connection.ops.quote_name(model._meta.db_table)
    if connection.vendor == "postgresql":
        columns = ", ".join(f"{_quoted(field)} = told.{_quoted(field)}" for field in fields)
        source = _told([*_fields(model, ["id"]), *fields])
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {columns} FROM {source} WHERE {table}.id = told.id",  # noqa: S608
                [_as_json(rows)],
            )
        return
    columns = ", ".join(f"{_quoted(field)} = %s" for field in fields)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {columns} WHERE id = %s",  # noqa: S608
            _prepared([*fields, *_fields(model, ["id"])], rows),
        )


def insert(model: type[Model], rows: Sequence[Row]) -> None:
    """Add rows; all name the same columns, and those they do not name have a default in the database."""
    if not rows:
        return
    fields = _fields(model, list(rows[0]))
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(map(_quoted, fields))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {names} FROM {_told(fields)}",  # noqa: S608
                [_as_json(rows)],
            )
        else:
            places = ", ".join(["%s"] * len(fields))
            cursor.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608
                _prepared(fields, rows),
            )


def _fields(model: type[Model], names: Sequence[str]) -> list["Field[Any, Any]"]:
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    return [by_name[name] for name in names]


def _quoted(field: "Field[Any, Any]") -> str:
    return connection.ops.quote_name(field.column)


def _told(fields: Sequence["Field[Any, Any]"]) -> str:
    """The rows as a table: one parameter, which both sides read faster than one a value."""
    columns = ", ".join(f"{_quoted(field)} {field.cast_db_type(connection)}" for field in fields)
    return f"json_to_recordset(%s::json) AS told ({columns})"


def _as_json(rows: Sequence[Row]) -> str:
    return json.dumps(rows, default=datetime.isoformat, separators=(",", ":"))


def _prepared(fields: Sequence["Field[Any, Any]"], rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """The rows as parameters. Rows of one wave have most values in common: each is prepared once."""
    columns = []
    for field in fields:
        known: dict[str | int | float | datetime | None, Any] = {None: None}
        prepared = []
        for row in rows:
            value = row[field.attname]
            if isinstance(value, dict | list):
                prepared.append(field.get_db_prep_save(value, connection))
                continue
            if value not in known:
                known[value] = field.get_db_prep_save(value, connection)
            prepared.append(known[value])
        columns.append(prepared)
    return list(zip(*columns, strict=True))
