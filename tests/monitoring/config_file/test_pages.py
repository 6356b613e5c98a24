"""Sub-pages in a config file: made, changed, retired and brought back, and written out again."""

import pytest

from components import catalogue, pages
from components.models import Component, Page, PageKind
from monitoring.config_file import exporting
from tests.monitoring.config_file.applied import NOW, mistakes, plan

pytestmark = pytest.mark.django_db

ACME = """\
page: {name: Acme, slug: acme, time_zone: Europe/Paris}
groups:
  - name: Europe
    components: [{name: Paris}, {name: Berlin}]
components: [{name: Search}]
pages:
  - {name: Europe, slug: eu, groups: [Europe], components: [search]}
  - {name: Search only, components: [search], time_zone: UTC}
"""


def sub_pages() -> dict[str, set[str]]:
    """The live sub-pages by slug, with the names of what each shows."""
    rows = list(Page.objects.live().filter(kind=PageKind.SUB))
    shown = pages.shown_by(rows)
    names = dict(Component.objects.values_list("id", "name"))
    return {row.slug: {names[pk] for pk in shown[row.pk]} for row in rows}


@pytest.mark.req("A1", "A2", "R3")
def test_a_file_sets_the_page_up_and_makes_sub_pages() -> None:
    done = plan(ACME)
    assert "+ page eu (Europe)" in done
    assert "+ page search-only (Search only)" in done
    assert sub_pages() == {"eu": {"Paris", "Berlin", "Search"}, "search-only": {"Search"}}
    main = catalogue.page()
    assert (main.slug, main.set_up_at) == ("acme", NOW)
    zones = dict(Page.objects.values_list("slug", "time_zone"))
    assert zones == {"acme": "Europe/Paris", "eu": "Europe/Paris", "search-only": "UTC"}
    assert plan(ACME) == ""
    assert plan(exporting.export(now=NOW), prunes=True) == ""


def test_a_page_that_is_named_already_is_set_up_by_a_file_that_says_the_same() -> None:
    name = "page: {name: Status}\n"
    assert "set up: no → yes" in plan(name)
    assert catalogue.page().set_up_at == NOW
    assert plan(name) == ""


def test_what_differs_is_changed_and_said() -> None:
    plan(ACME)
    done = plan(ACME.replace("groups: [Europe], components: [search]", "components: [paris]"))
    assert "~ page eu" in done
    assert "groups: Europe → " in done
    assert "components: search → paris" in done
    assert sub_pages()["eu"] == {"Paris"}


def test_pruning_retires_and_naming_it_again_brings_it_back() -> None:
    plan(ACME)
    less = ACME[: ACME.index("  - {name: Search only")]
    assert "= page search-only (Search only): not in the file, kept" in plan(less)
    assert "- page search-only (Search only)" in plan(less, prunes=True)
    assert set(sub_pages()) == {"eu"}
    assert plan(less, prunes=True) == ""
    done = plan(ACME)
    assert "retired: yes → no" in done
    assert set(sub_pages()) == {"eu", "search-only"}


def test_a_file_without_pages_touches_none() -> None:
    plan(ACME)
    assert "page" not in plan(ACME[: ACME.index("pages:")], prunes=True)
    assert set(sub_pages()) == {"eu", "search-only"}


@pytest.mark.parametrize(
    ("pages_section", "said"),
    [
        (
            "- {name: EU, components: [nowhere]}",
            "pages[0].components[0], line 3: There is no component with this slug.",
        ),
        (
            "- {name: EU, groups: [Nowhere]}",
            "pages[0].groups[0], line 3: There is no group of this name.",
        ),
        ("- {name: EU, slug: EU}", "pages[0].slug, line 3: A slug of a page has only small"),
        ("- {name: EU, slug: main}", "pages[0].slug, line 3: The main page has this slug."),
        ("- {name: Initech}", "A customer page has this slug."),
        ("- {name: 日本}", "No slug can be made from this name."),
        ("- {name: EU, time_zone: Mars}", "pages[0].time_zone, line 3: This is not a time zone."),
        ("- {name: EU, language: tlh}", "pages[0].language, line 3: The page does not speak"),
        ("- {name: EU}\n- {name: Other, slug: eu}", "This page slug is already used by pages[0]"),
        ("- {name: EU, kind: customer}", "kind is not a known key."),
    ],
)
def test_a_mistake_is_said_with_its_place_and_nothing_is_made(
    pages_section: str, said: str
) -> None:
    pages.add(kind=PageKind.CUSTOMER, name="Initech", slug="initech", now=NOW)
    text = "page: {name: Acme, slug: main}\npages:\n" + pages_section
    assert said in mistakes(text)
    assert not Page.objects.filter(kind=PageKind.SUB).exists()
