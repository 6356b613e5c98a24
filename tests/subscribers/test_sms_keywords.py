"""Which answers to a text message are orders."""

import pytest

from subscribers.keywords import Keyword, keyword

MORE = {Keyword.STOP: ["ARRÊT", "парад"], Keyword.START: ["DÉBUT"]}


@pytest.mark.req("AMB-14", "D5", "N9")
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        *(
            (word, Keyword.STOP)
            for word in ("STOP", "stop", "Stop.", " sToP \n", "STOP!", "“Stop”")
        ),
        *((word, Keyword.STOP) for word in ("STOPALL", "UNSUBSCRIBE", "Cancel", "END", "quit")),
        *((word, Keyword.STOP) for word in ("revoke", "OptOut", "ST\u200bOP")),
        *((word, Keyword.START) for word in ("START", "unstop", "Yes", "yes.")),
        *((word, Keyword.HELP) for word in ("HELP", "help?", "Info")),
        *((word, None) for word in ("", "   ", "please stop by", "stop stop", "no", "ARRÊT", "1")),
        ("stop" * 400, None),
    ],
)
def test_keyword_is_a_whole_message_in_any_case(text: str, wanted: Keyword | None) -> None:
    assert keyword(text) == wanted


@pytest.mark.req("AMB-14", "D5")
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("arrêt", Keyword.STOP),
        ("ARRET.", Keyword.STOP),
        ("Парад", Keyword.STOP),
        ("début", Keyword.START),
        ("stop", Keyword.STOP),
    ],
)
def test_words_of_other_languages_count_once_they_are_configured(
    text: str, wanted: Keyword
) -> None:
    assert keyword(text, more=MORE) == wanted


@pytest.mark.req("D5")
def test_what_the_provider_took_it_for_counts_more_than_the_text() -> None:
    assert keyword("basta", told="STOP") == Keyword.STOP
    assert keyword("stop", told="HELP") == Keyword.HELP
    assert keyword("stop", told="SOMETHING") is None
