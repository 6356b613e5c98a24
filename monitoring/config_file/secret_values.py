"""The fields of a channel as they are to be stored: what the file says, references looked up.

A reference is looked up while a file is applied, so the value stands in no file, no plan and no
message.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

from monitoring.config_file.alert_schema import Secret
from monitoring.config_file.plans import FieldChange, shown
from monitoring.config_file.problems import Path
from monitoring.config_file.run import Run
from monitoring.config_file.values import Section
from notifications.channels.base import Channel, Field, FieldInvalid

_SIZE_LIMIT = 64 * 1024
_BEFORE = "previous_"
_NOT_FROM_AFAR = (
    "A file that comes over the network reads no variables and files of the server. Keep what is "
    "stored with {stored: true}, or use `bin/manage apply` there."
)
# The one field that the file calls otherwise.
_KEYS = {"recipients": "to"}


class SecretMissing(ValueError):
    """A reference leads to no secret; the text says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Checked values of all fields by name, those secrets that are to be forgotten, what is new."""

    values: dict[str, str]
    cleared: frozenset[str]
    changes: list[FieldChange]


def read(secret: Secret) -> str:
    """What a reference to the environment or a file leads to. Raises SecretMissing."""
    if secret.env:
        value = os.environ.get(secret.env, "").strip()
        if not value:
            raise SecretMissing(f"The environment variable {secret.env} is not set.")
        return value
    try:
        with FilePath(secret.file or "").open("rb") as file:
            value = file.read(_SIZE_LIMIT).decode().strip()
    except OSError as error:
        raise SecretMissing(f"{secret.file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SecretMissing(f"{secret.file} is not UTF-8 text.") from None
    if not value:
        raise SecretMissing(f"{secret.file} is empty.")
    return value


def wanted(
    run: Run, *, channel: Channel, section: Section, stored: Mapping[str, str], path: Path
) -> Wanted | None:
    """What is to be stored of a channel's fields; None when something is wrong and was reported."""
    before = len(run.problems)
    values = {each.name: _value(run, each, section, stored, path) for each in channel.fields}
    if len(run.problems) == before:
        _move_aside(run, values, section, stored, path)
    if len(run.problems) > before:
        return None
    try:
        checked = channel.check(values)
    except FieldInvalid as error:
        run.problem((*path, key(error.name)), str(error))
        return None
    changes = [
        change for each in channel.fields if (change := _change(each, section, stored, checked))
    ]
    secrets = (each.name for each in channel.fields if each.is_secret)
    return Wanted(checked, frozenset(name for name in secrets if not checked[name]), changes)


def key(name: str) -> str:
    """The key in the file of a channel's field."""
    return _KEYS.get(name, name)


def _value(run: Run, field: Field, section: Section, stored: Mapping[str, str], path: Path) -> str:
    named = key(field.name)
    given = getattr(section, named)
    if isinstance(given, list):
        return "\n".join(given)
    kept = stored.get(field.name, "")
    if given is None:  # left out it stays, null forgets it
        return "" if named in section.model_fields_set else kept
    if given.stored:
        if not kept:
            message = "No value is stored that could be kept. Write {env: NAME} or {file: /PATH}."
            run.problem((*path, named), message)
        return kept
    if not run.reads_references:
        run.problem((*path, named), _NOT_FROM_AFAR)
        return ""
    try:
        return read(given)
    except SecretMissing as error:
        run.problem((*path, named), str(error))
        return ""


def _move_aside(
    run: Run, values: dict[str, str], section: Section, stored: Mapping[str, str], path: Path
) -> None:
    """Keep the secret before as `previous_…` where there is such a field, as the console does."""
    for aside in [name for name in values if name.startswith(_BEFORE)]:
        name = aside.removeprefix(_BEFORE)
        old = stored.get(name, "")
        if not old or values[name] == old:
            continue
        if aside not in section.model_fields_set:
            values[aside] = old
        elif not values[aside]:
            run.problem(
                (*path, aside),
                f"The {name} changes now, and receivers need time to change over. "
                "Leave this key out until they have.",
            )


def _change(
    field: Field, section: Section, stored: Mapping[str, str], checked: Mapping[str, str]
) -> FieldChange | None:
    old, new = stored.get(field.name, ""), checked[field.name]
    if old == new:
        return None
    named = key(field.name)
    if not field.is_secret:
        return FieldChange(named, shown(old.splitlines()), shown(new.splitlines()))
    source = getattr(section, named) or ("the one before" if new else "none")
    return FieldChange(named, "stored" if old else "none", f"{source} (values are not shown)")
