"""Every text that visitors, customers and subscribers read is translated, and compiled as it stands."""

import re

import pytest
from babel.messages import Catalog
from django.conf import settings

from tests import translating
from tests.translating import LANGUAGES, Text

_HELD = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}|<[^>]+>|\bSTOP\b|\bSTART\b")


@pytest.fixture(params=LANGUAGES)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    return translating.read(request.param)


def _said(catalog: Catalog) -> dict[Text, tuple[str, ...]]:
    """Each text of a catalog with its translation, once, or once a form of the plural."""
    found = {}
    for message in catalog:
        if message.id:
            key = message.id if isinstance(message.id, tuple | list) else (message.id, "")
            said = message.string if isinstance(message.string, tuple | list) else (message.string,)
            text = Text(singular=key[0], plural=key[1], context=message.context or "")
            found[text] = ("",) if message.fuzzy else tuple(one or "" for one in said)
    return found


def test_every_language_of_the_settings_has_a_catalog() -> None:
    assert [code for code, _name in settings.LANGUAGES] == ["en", *LANGUAGES]


def test_no_text_that_visitors_read_is_without_a_translation(catalog: Catalog) -> None:
    said = _said(catalog)
    missing = [text for text in translating.wanted() if not all(said.get(text, [""]))]
    assert missing == [], "run bin/translations, then fill in what is empty"


def test_nothing_is_kept_that_nobody_reads_any_more(catalog: Catalog) -> None:
    gone = _said(catalog).keys() - translating.wanted().keys()
    assert gone == set(), "run bin/translations"


def test_a_translation_keeps_what_is_filled_in_and_what_is_marked(catalog: Catalog) -> None:
    for text, said in _said(catalog).items():
        for source, translated in zip(
            (text.singular, text.plural or text.singular), said, strict=False
        ):
            assert sorted(_HELD.findall(source)) == sorted(_HELD.findall(translated)), source


def test_what_is_compiled_is_what_is_written(catalog: Catalog) -> None:
    path = translating.po(str(catalog.locale)).with_suffix(".mo")
    assert path.read_bytes() == translating.compiled(catalog)


def test_texts_are_found_in_templates_and_in_modules() -> None:
    found = translating.wanted()
    for text in (
        Text(singular="Unsubscribe?"),
        Text(singular="%(count)s component", plural="%(count)s components"),
        Text(singular="M", context="Monday"),
        Text(singular="Operational"),
    ):
        assert text in found
