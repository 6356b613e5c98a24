"""The translations of what visitors, customers and subscribers read: taken out, kept, compiled.

    bin/translations          bring locale/*/LC_MESSAGES/django.po up to date, and compile it

Strings of the console stay in English, so only the sources named here are read. `django.mo` is
kept in the repository beside `django.po`: neither an installation nor a translator needs gettext's
own programs.
"""

import ast
import functools
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("de",)
# What is shown to somebody who is not an operator.
SOURCES = (
    "templates/404.html",
    "templates/500.html",
    "templates/503.html",
    "templates/base.html",
    "templates/customer_pages/**/*",
    "templates/public_pages/**/*",
    "templates/sla/**/*",
    "templates/subscribers/**/*",
    "common/mailboxes.py",
    "components/status.py",
    "components/uptime.py",
    "customer_pages/*.py",
    "incidents/lifecycle.py",
    "incidents/saying.py",
    "incidents/windows.py",
    "public_pages/**/*.py",
    "sla/csv_writing.py",
    "sla/wording.py",
    "subscribers/*.py",
)
# Modules among them whose strings only operators read, and what is named for the database.
OPERATORS_READ = re.compile(
    r"^(customer_pages/(console_\w+|listing|models)|subscribers/(adding|bounc\w+|chart|csv_\w+"
    r"|console_urls|erasing|fanout|forecast|granting|integration\w*|meter\w*|operator\w*|parking"
    r"|suppress\w+|troubles|way_settings|ways_console_views|x_sign_in))\.py$"
)
# How many arguments each function takes before its first text, and how many texts.
_FUNCTIONS = {
    "_": (0, 1),
    "gettext": (0, 1),
    "gettext_lazy": (0, 1),
    "gettext_noop": (0, 1),
    "ngettext": (0, 2),
    "ngettext_lazy": (0, 2),
    "pgettext": (1, 1),
    "pgettext_lazy": (1, 1),
    "npgettext": (1, 2),
}
# A date of today would make every run a change.
_FIXED = datetime(2026, 11, 21, tzinfo=UTC)
_CALL = re.compile(r"(?<![\w.])(?:_|n?p?gettext)\(")


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """A text to translate: with its context, and its plural where it has one."""

    singular: str
    plural: str = ""
    context: str = ""


def sources() -> list[Path]:
    """Every file that visitors read strings of."""
    found = {path for pattern in SOURCES for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(
        path for path in found if not OPERATORS_READ.match(path.relative_to(ROOT).as_posix())
    )


def texts(path: Path) -> Iterator[Text]:
    """The texts of one file, a Python module or a template."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from _of_tree(ast.parse(source))
        return
    # Django turns a template into calls of gettext, with noise between them.
    noisy, start = templatize(source), 0
    while call := _CALL.search(noisy, start):
        start = call.end()
        for end in re.finditer(r"\)", noisy[call.end() :]):
            piece = noisy[call.start() : call.end() + end.end()]
            try:
                tree = ast.parse(piece)
            except SyntaxError:
                continue  # a bracket inside the text
            start = call.end() + end.end()
            yield from _of_tree(tree)
            break


@functools.cache
def wanted() -> dict[Text, list[str]]:
    """Every text that has to be translated, with the files that it stands in."""
    found: dict[Text, list[str]] = {}
    for path in sources():
        for text in texts(path):
            places = found.setdefault(text, [])
            name = path.relative_to(ROOT).as_posix()
            if name not in places:
                places.append(name)
    return found


def po(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    with po(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """What Django reads; the same for the same translations."""
    buffer = BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def update(language: str) -> int:
    """Add new texts and drop those that are gone; how many have no translation."""
    old = read(language) if po(language).exists() else Catalog(locale=language)
    new = Catalog(
        locale=language,
        charset="utf-8",
        fuzzy=False,
        project="Candor",
        version="1",
        header_comment="# What visitors, customers and subscribers read. Kept by bin/translations.",
        msgid_bugs_address="none",
        last_translator="Candor",
        language_team="Candor",
        creation_date=_FIXED,
        revision_date=_FIXED,
    )
    missing = 0
    for text, places in sorted(wanted().items()):
        key: str | tuple[str, str] = (text.singular, text.plural) if text.plural else text.singular
        kept = old.get(key, text.context or None)
        said = kept.string if kept is not None and not kept.fuzzy else ""
        missing += not (all(said) if isinstance(said, tuple | list) else said)
        new.add(
            key,
            said or None,
            locations=[(place, 0) for place in sorted(places)],
            context=text.context or None,
        )
    with po(language).open("wb") as file:
        write_po(file, new, include_lineno=False, omit_header=False, width=100)
    po(language).with_suffix(".mo").write_bytes(compiled(read(language)))
    return missing


def _of_tree(tree: ast.AST) -> Iterator[Text]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in _FUNCTIONS:
            continue
        before, count = _FUNCTIONS[name]
        said = [_literal(one) for one in node.args[: before + count]]
        if len(said) == before + count and all(said):
            yield Text(
                singular=said[before],
                plural=said[before + 1] if count == 2 else "",
                context=said[0] if before else "",
            )


def _literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def main(languages: Iterable[str]) -> int:
    missing = {language: update(language) for language in languages}
    for language, count in missing.items():
        sys.stdout.write(f"{language}: {count} texts without a translation\n")
    return 1 if any(missing.values()) else 0


if __name__ == "__main__":
    sys.exit(main(LANGUAGES))
