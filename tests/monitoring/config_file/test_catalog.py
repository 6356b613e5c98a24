"""The catalog in a config file: made, changed and removed with its pages, and written out again."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry
from catalog import access, defining, entering, sources
from catalog.generating import Choice
from catalog.models import Attribute, CatalogType, Entry
from catalog.values import Kind
from components import pages
from components.models import Page, PageKind
from monitoring.config_file import applying, exporting, loading
from tests import build
from tests.monitoring.config_file.applied import NOW, mistakes, plan

pytestmark = pytest.mark.django_db

SERVICES = """\
components:
  - {name: Web shop, slug: web}
  - {name: API, slug: api}
"""
CATALOG = """\
catalog:
  - name: Customer
    attributes:
      - {name: Components, kind: components}
      - {name: Domains, kind: domains, required: true}
      - {name: Region, kind: reference, to: region}
      - {name: SLA target, kind: number}
      - {name: Gold, kind: yes_no}
      - {name: Parent, kind: references, to: customer}
    pages:
      - {kind: customer, components: components, domains: domains}
    entries:
      - name: Acme
        values:
          components: [web, API]
          domains: [acme.com, "*.acme.com"]
          region: north
          sla_target: 99.95
          gold: yes
          parent: beta
      - name: Beta
        values: {components: web, domains: beta.example, gold: false}
  - name: Region
    entries: [{name: North}]
"""
ACME = SERVICES + CATALOG


@pytest.mark.req("R2", "R4", "R7", "R8")
def test_a_file_makes_types_entries_and_their_pages() -> None:
    told = plan(ACME)

    acme = Entry.objects.get(key="acme")
    north, beta = Entry.objects.get(key="north"), Entry.objects.get(key="beta")
    assert acme.values["region"] == north.pk
    assert acme.values["parent"] == [beta.pk]
    assert (acme.values["sla_target"], acme.values["gold"]) == (99.95, True)
    page = Page.objects.get(made_from__entry=acme)
    assert (page.name, page.kind) == ("Acme", PageKind.CUSTOMER)
    assert len(pages.shown_ids(page)) == 2
    assert access.listed(page.pk).domains == {"acme.com", "*.acme.com"}
    for line in (
        "+ catalog type customer (Customer)",
        "+ attribute customer/sla_target (SLA target)",
        "+ entry customer/acme (Acme)",
        "+ pages customer (customer)",
    ):
        assert line in told.splitlines()


@pytest.mark.req("R4")
def test_applying_the_same_file_again_changes_nothing() -> None:
    plan(ACME)
    before = AuditEntry.objects.count(), list(Page.objects.values_list("id", "name"))
    assert plan(ACME, prunes=True) == ""
    assert (AuditEntry.objects.count(), list(Page.objects.values_list("id", "name"))) == before


@pytest.mark.req("R4", "R9")
def test_what_changed_in_the_file_changes_pages_and_access_at_once() -> None:
    plan(ACME)
    text = ACME.replace('[acme.com, "*.acme.com"]', "acme.example").replace(
        "name: Acme\n", "name: Acme AG\n        key: acme\n"
    )
    told = plan(
        text.replace("[web, API]", "[web]").replace("Gold, kind", "Golden, key: gold, kind")
    )
    page = Page.objects.get(made_from__entry__key="acme")
    assert (page.name, len(pages.shown_ids(page))) == ("Acme AG", 1)
    assert access.listed(page.pk).domains == {"acme.example"}
    assert "~ entry customer/acme\n    name: Acme → Acme AG" in told
    assert "    domains: acme.com; *.acme.com → acme.example" in told
    assert "~ attribute customer/gold\n    name: Gold → Golden" in told


@pytest.mark.req("R4", "R9")
def test_what_is_not_in_the_file_is_removed_only_when_asked() -> None:
    plan(ACME)
    less = SERVICES + (
        "catalog:\n  - name: Customer\n    attributes:\n"
        "      - {name: Components, kind: components}\n"
        "      - {name: Domains, kind: domains, required: true}\n"
        "    pages: [{kind: customer, components: components, domains: domains}]\n"
        "    entries: [{name: Beta, values: {components: web, domains: beta.example}}]\n"
    )
    kept = plan(less)
    assert "= entry customer/acme (Acme): not in the file, kept" in kept
    assert Page.objects.customers().live().count() == 2

    told = plan(less, prunes=True)
    for line in (
        "- entry customer/acme (Acme)",
        "- attribute customer/region",
        "- catalog type region (Region)",
    ):
        assert line in told
    assert not Page.objects.get(made_from__entry__key="acme").is_live
    assert set(Entry.objects.get(key="beta").values) == {"components", "domains"}

    none = (
        SERVICES
        + "catalog:\n  - {name: Customer, pages: [], attributes: [{name: Domains, kind: domains}]}\n"
    )
    assert "- pages customer (customer)" in plan(none, prunes=True)
    assert not Page.objects.customers().live().exists()
    assert Entry.objects.present().count() == 1  # a file without their list touches no entry


def test_a_file_without_the_catalog_touches_none_of_it() -> None:
    plan(ACME)
    assert plan(SERVICES, prunes=True) == ""
    assert Entry.objects.present().count() == 3


def test_a_dry_run_says_what_would_be_made_and_makes_nothing() -> None:
    assert "+ entry customer/acme (Acme)" in plan(ACME, is_dry_run=True)
    assert not CatalogType.objects.exists()
    assert not Page.objects.customers().exists()


@pytest.mark.req("R10")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("beta.example", "gmail.com", "entries[1].values.domains, line 25: gmail.com: Anybody can"),
        (
            "components: web,",
            "components: nowhere,",
            "values.components, line 25: There is no comp",
        ),
        ("region: north", "region: south", "values.region, line 20: There is no entry “south”."),
        ("sla_target: 99.95", "sla_targt: 99.95", "Did you mean sla_target?"),
        ("sla_target: 99.95", "sla_target: much", "“much” is not a number"),
        ("to: region}", "to: regoin}", "attributes[2].to, line 9: There is no such type. Did you"),
        ("kind: number", "kind: nummer", "This is not a kind of attribute."),
        ("kind: number", "kind: number, to: region", "Only reference and references"),
        (
            "domains: domains}",
            "domains: domain}",
            "pages[0].domains, line 14: There is no attribute",
        ),
        (", domains: domains}", "}", "Choose the attribute with the domains"),
        ("kind: customer,", "kind: public,", "This is not a kind of page."),
        ("domains: beta.example, ", "", "entries[1], line 24: domains: This is required."),
        ("name: Beta", "name: Acme", "This entry key is already used by"),
        ("name: SLA target", "name: Gold", "This attribute key is already used by"),
        ("- name: Region", "- name: Customer", "This type key is already used by"),
        ("name: Beta", "name: Beta\n        key: B!", "A key has only small letters"),
        ("name: SLA target", "name: Name", "Every entry has a name"),
        ("gold: yes", "gold: {a: b}", "This has to be text, a number, true or false"),
    ],
)
def test_a_mistake_is_named_with_its_path_and_line_and_nothing_is_made(
    old: str, new: str, said: str
) -> None:
    assert old in CATALOG
    assert said in mistakes(SERVICES + CATALOG.replace(old, new, 1))
    assert not CatalogType.objects.exists()
    assert not Page.objects.customers().exists()


def test_kind_and_target_of_an_attribute_cannot_change() -> None:
    plan(ACME)
    assert "The kind is number and cannot be changed" in mistakes(
        ACME.replace("kind: number", "kind: text")
    )
    assert "What it refers to cannot be changed" in mistakes(
        ACME.replace("to: region", "to: customer")
    )


def test_a_title_that_no_page_can_have_is_named_where_it_stands() -> None:
    text = ACME.replace("{name: SLA target, kind: number}", "{name: Title, kind: text}").replace(
        "{kind: customer,", "{kind: customer, title: title,"
    )
    said = mistakes(text.replace("sla_target: 99.95", f"title: {'x' * 101}"))
    assert "catalog[0].entries[0].values.title, line 21: This is the title of a page" in said


@pytest.mark.req("R10")
def test_single_addresses_that_an_owner_let_in_stay_and_no_file_lets_them_in() -> None:
    """Reliability B7: an exception is typed by a person, once, and is no part of any file."""
    assert "ann@gmail.com: Anybody can get" in mistakes(
        ACME.replace("beta.example", "ann@gmail.com")
    )
    plan(ACME)
    beta = Entry.objects.get(key="beta")
    entering.allow_addresses(
        entry=beta,
        attribute=Attribute.objects.get(key="domains"),
        domain="gmail.com",
        typed="gmail.com",
        addresses=["ann@gmail.com"],
        by="ada",
        now=NOW,
    )
    text = exporting.export(now=NOW)
    assert "[beta.example, ann@gmail.com]" in text
    assert plan(text, prunes=True) == ""


@pytest.mark.req("R4")
def test_hundreds_of_entries_take_few_statements(django_assert_max_num_queries: object) -> None:
    for number in range(5):
        build.component(slug=f"c{number}")
    entries = "\n".join(
        f"      - {{name: Customer {n}, values: {{components: [c{n % 5}], domains: c{n}.example}}}}"
        for n in range(300)
    )
    text = (
        "catalog:\n  - name: Customer\n    attributes:\n"
        "      - {name: Components, kind: components}\n      - {name: Domains, kind: domains}\n"
        "    pages: [{kind: customer, components: components, domains: domains}]\n"
        f"    entries:\n{entries}\n"
    )
    loaded = loading.load(text.encode())
    with django_assert_max_num_queries(150):  # type: ignore[operator]  # pytest-django's fixture
        applying.apply(loaded=loaded, now=NOW)
    assert Page.objects.customers().live().count() == 300


_texts = st.text(
    st.characters(categories=["L", "N", "P", "S"], exclude_characters=";"), min_size=1, max_size=12
) | st.sampled_from(
    ["yes", "null", "*a", "1e3", "010", "a: b", "# x", "- a", "2026-01-01", "12:30"]
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=max(8, settings().max_examples // 8),
)
@given(
    name=_texts,
    text=_texts,
    texts=st.lists(_texts, max_size=3),
    number=st.integers(-(10**9), 10**9) | st.sampled_from([99.95, -0.5, 0.001]),
    flag=st.none() | st.booleans(),
)
def test_what_is_exported_applies_to_the_same_catalog(
    name: str, text: str, texts: list[str], number: float, flag: bool | None
) -> None:
    CatalogType.objects.all().delete()
    Page.objects.exclude(kind=PageKind.PUBLIC).delete()
    row = defining.add_type(name=name, now=NOW)
    for key, kind in (("a", "text"), ("b", "texts"), ("c", "number"), ("d", "yes_no")):
        defining.add_attribute(type=row, name=name, key=key, kind=Kind(kind))
    said = {"a": [text], "b": texts, "c": [str(number)]}
    if flag is not None:
        said["d"] = ["yes" if flag else "no"]
    entering.add(type=row, name=name, said=said, now=NOW)
    sources.start(type=row, choice=Choice(kind=PageKind.SUB), now=NOW)

    written = exporting.export(now=NOW)

    assert plan(written, prunes=True) == ""
    before = Entry.objects.get().values
    defining.remove_type(type=row, now=NOW)
    plan(written)
    assert Entry.objects.present().get().values == before
