"""Lists as CSV: what is read from any spreadsheet's file, and what is written for any of them."""

import csv
import io

import pytest

from subscribers import csv_rules
from subscribers.csv_rules import Line, NotReadable


def read(text: str) -> list[tuple[str, str]]:
    return [(line.channel, line.address) for line in csv_rules.listed(text).lines]


@pytest.mark.req("N11")
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_separator_and_order_of_columns_is_read(separator: str) -> None:
    head = separator.join(["Components", "E-Mail", "consent_note"])
    row = separator.join(['"Checkout; Search"', "ada@acme.example", "fair 2025"])
    (line,) = csv_rules.listed(f"{head}\n{row}\n").lines
    assert line == Line(
        number=2,
        channel="email",
        address="ada@acme.example",
        components=("Checkout", "Search"),
        wants_all=False,
        consent="fair 2025",
    )


@pytest.mark.req("N11")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_encoding_of_a_spreadsheet_is_read(encoding: str) -> None:
    raw = "address,components\nada@acme.example,Überweisung\n".encode(encoding)
    (line,) = csv_rules.listed(csv_rules.decoded(raw)).lines
    assert line.components == ("Überweisung",)


def test_what_no_database_takes_is_left_out_of_a_cell() -> None:
    (line,) = csv_rules.listed("email,consent\nada@acme.example,said \x0byes\x00\n").lines
    assert line.consent == "said yes"


def test_a_list_of_bare_addresses_needs_no_names_of_columns() -> None:
    assert read("ada@acme.example\r\n\r\n+49 170 1234567\r\n") == [
        ("email", "ada@acme.example"),
        ("sms", "+49 170 1234567"),
    ]


def test_mail_and_phone_may_stand_in_columns_of_their_own() -> None:
    text = "email,phone\nada@acme.example,\n,+491701234567\n"
    assert read(text) == [("email", "ada@acme.example"), ("sms", "+491701234567")]


def test_a_line_knows_its_number_also_after_one_that_spans_several() -> None:
    text = 'address,consent\nada@acme.example,"said\nyes"\n\ngrace@acme.example,\n'
    assert [line.number for line in csv_rules.listed(text).lines] == [2, 5]


def test_columns_that_mean_nothing_are_told() -> None:
    found = csv_rules.listed("email,Favourite colour,plan\nada@acme.example,blue,pro\n")
    assert found.ignored == ("Favourite colour", "plan")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"email\n", "nobody"),
        (b"name,city\nAda,London\n", "No column of addresses"),
        (b'email\n"ada@acme.example\n', "not closed"),
        (b"PK\x03\x04rest of a workbook", "spreadsheet"),
        (b"email\na\0b@acme.example\n", "no text file"),
        (b"email\n" + b"a@b.example\n" * (csv_rules.MAX_LINES + 1), "more than"),
        (b"x" * (csv_rules.MAX_BYTES + 1), "larger than"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(raw: bytes, said: str) -> None:
    with pytest.raises(NotReadable, match=said) as refused:
        csv_rules.listed(csv_rules.decoded(raw))
    assert str(refused.value) % refused.value.values


@pytest.mark.req("F12")
@pytest.mark.parametrize(
    "nasty",
    ['=HYPERLINK("http://evil","x")', "\t=1+1", "＝1", "+491701234567", "-1", "@SUM(A1)", "\rx"],
)
def test_no_cell_is_a_formula_and_an_import_reads_the_value_back(nasty: str) -> None:
    row = ["email", nasty, *[""] * (len(csv_rules.COLUMNS) - 2)]
    text = "".join(csv_rules.rows_as_text([row]))
    assert text.startswith("\ufeff")
    cells = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))[1]
    assert cells[1] == f"'{nasty}"
    back = csv_rules.listed(csv_rules.decoded(text.encode())).lines[0].address
    assert back == nasty.strip() or back == nasty


def test_an_export_quotes_every_cell() -> None:
    text = "".join(csv_rules.rows_as_text([["a,b", 'c"d', "e\nf"]]))
    assert text.endswith('"a,b","c""d","e\nf"\r\n')
