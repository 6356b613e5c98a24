"""Which numbers may get a text message."""

import pytest

from subscribers import phones

ANYWHERE = ("DE", "GB", "US", "FR")


@pytest.mark.req("N7")
@pytest.mark.parametrize(
    ("typed", "number", "country"),
    [
        ("+4915123456789", "+4915123456789", "DE"),
        (" +49 (0)151 / 23 45 67-89 ", "+4915123456789", "DE"),
        ("+49151\u200b23456789", "+4915123456789", "DE"),
        ("+49 151 23456789", "+4915123456789", "DE"),
        ("+44 7400 123456", "+447400123456", "GB"),
        ("+1 212 555 1234", "+12125551234", "US"),
    ],
)
def test_one_phone_has_one_number_however_it_is_written(
    typed: str, number: str, country: str
) -> None:
    assert phones.phone(typed, countries=ANYWHERE) == phones.Phone(number, country)


@pytest.mark.req("N7")
def test_number_without_its_country_counts_where_there_is_only_one() -> None:
    assert phones.phone("0151 23456789", countries=["DE"]).number == "+4915123456789"
    with pytest.raises(phones.PhoneInvalid):
        phones.phone("0151 23456789", countries=ANYWHERE)


@pytest.mark.req("A6")
@pytest.mark.parametrize(
    "typed",
    [
        "+882 1 3300 655",  # satellite and international networks
        "+979 1 2345 6789",  # international premium rate
        "+883 510 001234567",
        "+870 773 111 632",
        "+1 900 555 1234",  # premium rate
        "+44 90 0123 4567",
        "+44 70 1234 5678",  # forwarded at the caller's cost
        "+49 180 5 123456",  # shared cost
        "+49 30 123456",  # no mobile
        "+1 800 555 1234",
        "72404",  # short numbers
        "110",
        "+1 72404",
        "+33 6 12 34 56 78 ext. 5",
        "",
        "+" * 400,
        "+1212555123４５６７８９０",
    ],
)
def test_number_that_costs_or_cannot_read_is_refused(typed: str) -> None:
    with pytest.raises(phones.PhoneInvalid):
        phones.phone(typed, countries=ANYWHERE)


@pytest.mark.req("A6")
def test_only_countries_that_operators_chose_are_written_to() -> None:
    with pytest.raises(phones.PhoneInvalid, match="country"):
        phones.phone("+33 6 12 34 56 78", countries=["DE", "US"])
    # The Dominican Republic shares +1 with the United States, and costs eight times as much.
    with pytest.raises(phones.PhoneInvalid, match="country"):
        phones.phone("+1 809 555 1234", countries=["US"])
    with pytest.raises(phones.PhoneInvalid):
        phones.phone("+33 6 12 34 56 78", countries=[])


def test_stored_number_is_not_written_to_any_more_when_its_country_was_taken_off() -> None:
    assert phones.is_written_to("+33612345678", countries=["FR"])
    assert not phones.is_written_to("+33612345678", countries=["DE"])
    assert not phones.is_written_to("+33612345678", countries=[])


def test_countries_are_read_however_they_are_separated() -> None:
    assert phones.countries(" de,AT;ch\nUS de") == ("AT", "CH", "DE", "US")
    assert phones.countries("") == ()
    with pytest.raises(phones.CountriesInvalid, match="EUROPE, XX"):
        phones.countries("DE XX Europe")
