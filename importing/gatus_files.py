"""The files of a Gatus configuration, as one document: variables put in, files merged. Pure."""

import re
from collections.abc import Mapping, Sequence

from importing.problems import SourceUnreadable
from importing.source_values import Notes, Row, as_row
from monitoring.config_file import yaml_source
from monitoring.config_file.problems import ConfigInvalid

MAX_FILES = 500
_VARIABLE = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


def documents(
    files: Sequence[tuple[str, bytes]], environment: Mapping[str, str]
) -> tuple[Row, Notes]:
    """One configuration from all files, variables put in as Gatus does before it reads YAML.

    Lists of several files follow one another, as Gatus merges them.

    Raises:
        SourceUnreadable: a file is no YAML, or two say a single thing differently.
    """
    if len(files) > MAX_FILES:
        raise SourceUnreadable(f"There are more than {MAX_FILES} files.")
    notes = Notes()
    merged: dict[str, object] = {}
    for name, data in files:
        for key, value in _document(name, data, environment, notes).values.items():
            merged[key] = _merged(merged[key], value, f"{name}: {key}") if key in merged else value
    return Row(merged, ""), notes


def _document(name: str, data: bytes, environment: Mapping[str, str], notes: Notes) -> Row:
    if len(data) > yaml_source.SIZE_LIMIT:
        raise SourceUnreadable(f"{name} is larger than {yaml_source.SIZE_LIMIT // 1024} KB.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SourceUnreadable(f"{name} is not UTF-8 text.") from None
    missing: set[str] = set()

    def value(match: re.Match[str]) -> str:
        variable = match.group(1) or match.group(2)
        if variable is None:
            return "$"
        if variable not in environment:
            missing.add(variable)
        return environment.get(variable, "")

    expanded = _VARIABLE.sub(value, text)
    for variable in sorted(missing):
        notes.add(f"${variable}", f"{name} names it and it is not set: it reads as nothing")
    try:
        source = yaml_source.read(expanded.encode("utf-8", "surrogateescape"))
    except ConfigInvalid as error:
        raise SourceUnreadable(f"{name}: {error.problems[0]}") from None
    if source.problems:
        raise SourceUnreadable(f"{name}: {source.problems[0]}")
    return as_row(source.value if source.value is not None else {}, "")


def _merged(first: object, second: object, where: str) -> object:
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    if isinstance(first, dict) and isinstance(second, dict):
        found = dict(first)
        for key, value in second.items():
            found[key] = _merged(found[key], value, f"{where}.{key}") if key in found else value
        return found
    if first == second:
        return first
    raise SourceUnreadable(f"{where} stands in two files and says two things.")
