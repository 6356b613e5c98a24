"""The bytes of a config file to a validated document, or every mistake with its path and line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from monitoring.config_file import repeats, values, yaml_source
from monitoring.config_file.problems import ConfigInvalid, Path, Problem, path_text, shorten
from monitoring.config_file.schema import Document
from monitoring.config_file.yaml_source import Source

# What pydantic says, in words for the person who wrote the file. {…} is filled in from the error.
_SENTENCES = {
    "datetime_type": "This has to be a moment, like 2026-12-01T08:00:00Z.",
    "missing": "{key} is missing.",
    "string_type": "This has to be text{quote_hint}.",
    "int_type": "This has to be a whole number{quotes_hint}.",
    "int_from_float": "This has to be a whole number.",
    "float_type": "This has to be a number{quotes_hint}.",
    "bool_type": "This has to be true or false.",
    "list_type": "This has to be a list{empty_hint}.",
    "dict_type": "This has to be a mapping of keys and values.",
    "model_type": "This has to be a mapping of keys and values{empty_hint}.",
    "model_attributes_type": "This has to be a mapping of keys and values{empty_hint}.",
    "string_too_long": "The text is {length:,} characters long; at most {max_length:,} are allowed.",
    "string_too_short": "The text is empty.",
    "string_pattern_mismatch": "A slug has only letters a to z, digits, - and _.",
    "greater_than_equal": "The least is {ge:g}.",
    "less_than_equal": "The most is {le:g}.",
    "too_short": "The list has {actual_length} entries and needs {min_length}.",
    "too_long": "The list has {actual_length} entries; {max_length} are allowed.",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid file, and where each of its values stands, for mistakes only the database reveals."""

    document: Document
    source: Source

    def problem(self, path: Path, message: str) -> Problem:
        """A problem with the value at the path."""
        return Problem(path, self.source.line_of(path), message)


def load(data: bytes) -> Loaded:
    """Read and validate a whole file. Raises ConfigInvalid with every mistake found in it."""
    source = yaml_source.read(data)
    problems = list(source.problems)
    if not isinstance(source.value, dict):
        message = "The file has to begin with keys such as page: and components:."
        raise ConfigInvalid([*problems, Problem((), source.line_of(()), message)])
    problems += [_repeat_problem(repeat, source) for repeat in repeats.find(source.value)]
    try:
        document = Document.model_validate(source.value)
    except ValidationError as error:
        raise ConfigInvalid([*problems, *_schema_problems(error, source)]) from None
    if problems:
        raise ConfigInvalid(problems)
    return Loaded(document, source)


def _repeat_problem(repeat: repeats.Repeat, source: Source) -> Problem:
    first = f"{path_text(repeat.first)}, line {source.line_of(repeat.first)}"
    message = f"This {repeat.what} is already used by {first}."
    return Problem(repeat.path, source.line_of(repeat.path), message)


def _schema_problems(error: ValidationError, source: Source) -> Iterator[Problem]:
    for details in error.errors(include_url=False):
        path: Path = details["loc"]
        if details["type"] == "extra_forbidden":
            yield Problem(path, source.key_line_of(path), _unknown_key(path))
        else:
            yield Problem(path, source.line_of(path), _sentence(details, path))


def _sentence(details: Any, path: Path) -> str:
    given = details["input"]
    words = {
        **details.get("ctx", {}),
        "key": path[-1] if path else "",
        "length": len(given) if isinstance(given, str) else 0,
        "quote_hint": "; put it into quotes" if isinstance(given, bool | int | float) else "",
        "quotes_hint": " without quotes or a unit" if isinstance(given, str) else "",
        "empty_hint": "; nothing stands here, so remove the key" if given is None else "",
    }
    sentence = _SENTENCES.get(details["type"])
    return sentence.format(**words) if sentence else details["msg"]


def _unknown_key(path: Path) -> str:
    known = values.keys(_section_at(path[:-1]))
    word = str(path[-1])
    hint = values.nearest(word, known)
    meant = f"Did you mean {hint}?" if hint else f"Known here: {', '.join(known)}."
    return f"{shorten(word)} is not a known key. {meant}"


def _section_at(path: Path) -> type[BaseModel]:
    section: type[BaseModel] = Document
    for step in path:
        if isinstance(step, str):
            section = values.keys(section)[step] or section
    return section
