"""Reading YAML strictly: values, lines and every way a file can be no config file at all."""

import pytest
import yaml

from monitoring.config_file import yaml_source
from monitoring.config_file.problems import ConfigInvalid


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML is built with libyaml or without; both have to read alike."""
    monkeypatch.setattr(yaml_source, "_LOADER", getattr(yaml, request.param))


pytestmark = pytest.mark.usefixtures("_parser")


def refused(data: bytes | str) -> str:
    with pytest.raises(ConfigInvalid) as caught:
        yaml_source.read(data.encode() if isinstance(data, str) else data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-3", -3),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        (".inf", ".inf"),
        ("'12'", "12"),
        ("!!str 12", "12"),
    ],
)
def test_a_plain_word_is_a_number_or_a_switch_only_when_it_cannot_be_meant_otherwise(
    word: str, value: object
) -> None:
    assert yaml_source.read(f"key: {word}\n".encode()).value == {"key": value}


def test_every_value_has_the_line_it_stands_on() -> None:
    source = yaml_source.read(b"page:\n  name: Acme\ngroups:\n  - name: Web\n  - {name: Mail}\n")

    assert source.line_of(("page",)) == 2
    assert source.key_line_of(("page",)) == 1
    assert source.line_of(("groups", 1, "name")) == 5
    assert source.line_of(("groups", 0, "missing")) == 4, "the nearest value around it"


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    source = yaml_source.read(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")

    assert source.value == {"a": 1, "b": 2}
    assert source.line_of(("b",)) == 2


def test_aliases_and_merges_stand_for_what_they_name() -> None:
    source = yaml_source.read(b"a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: {<<: [*a]}\n")

    assert source.value == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 2},
        "c": {"y": 3, "x": 1},
        "d": {"x": 1, "y": 2},
    }


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("page:\n\tname: Acme\n", 2, "indented with a tab"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: 1\nname: Acme: the company\n", 2, "put text that contains a colon into quotes"),
        ("a: 1\nb: 'open\n\n\n", 2, "quoted scalar"),
        ("a: [1, 2\n", 2, "while parsing a flow sequence"),
        ("a: 1\nb: *nothing\n", 2, "*nothing names nothing"),
        ("a: &a [*a]\n", 1, "*a names nothing"),
        ("a: 1\nb: @c\n", 2, "cannot start any token"),
        ("a: 1\nb: \x07\n", 2, "control character (U+0007)"),
        ("a: 1\nb: \u2028\n", 2, "control character (U+2028)"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    message = refused(text)

    assert message.startswith(f"line {line}: ")
    assert words in message


@pytest.mark.parametrize("text", ["", "\n\n", "# only a remark\n", "---\n"])
def test_an_empty_file_is_refused_since_pruning_by_it_would_remove_everything(text: str) -> None:
    assert "The file is empty" in refused(text)


def test_other_encodings_are_refused_with_the_line_of_the_first_wrong_byte() -> None:
    assert refused("a: 1\nb: é\n".encode("latin-1")).startswith("line 2: The file is not UTF-8")
    assert "not UTF-8" in refused("a: 1\n".encode("utf-16"))


def test_repeated_keys_and_tags_are_told_together() -> None:
    source = yaml_source.read(b"a: 1\nb: !!python/object:os.system x\na: 2\n? [c]\n: d\n")

    assert [(problem.path, problem.line) for problem in source.problems] == [
        (("b",), 2),
        (("a",), 3),
        ((), 4),
    ]
    assert "the first is in line 1" in source.problems[1].message


def test_a_file_over_the_limit_is_refused_unread() -> None:
    assert "larger than 1024 KB" in refused(b"#" * (yaml_source.SIZE_LIMIT + 1))


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_before_it_costs_anything(opening: str) -> None:
    assert "levels deep" in refused(opening * (yaml_source.SIZE_LIMIT // len(opening)))


def test_ten_lines_of_aliases_do_not_become_billions_of_values() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 11)
    )
    merges = "a0: &a0 {}\n" + "".join(
        f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 10)}]}}\n"
        for level in range(1, 11)
    )

    assert "too many aliases" in refused(bomb)
    assert "too many aliases" in refused(merges)


@pytest.mark.parametrize(("first", "link"), [("[x]", "[*a%d]"), ("{k: x}", "{<<: *a%d}")])
def test_aliases_of_aliases_nest_no_deeper_than_what_is_written_out(first: str, link: str) -> None:
    """Each line is flat, and together they were more levels than Python goes down."""
    links = [f"b: &a{level} {link % (level - 1)}\n" for level in range(1, 3000)]

    assert "levels deep" in refused(f"a: &a0 {first}\n{''.join(links)}c: *a2999\n")
