from monitoring import secret_fields
from notifications.channels.base import Field

DECLARED = [
    Field(name="url", label="Address", is_secret=True),
    Field(name="secret", label="Secret", is_secret=True, is_required=False),
    Field(name="previous_secret", label="Secret before", is_secret=True, is_required=False),
    Field(name="room", label="Room", is_required=False),
]
STORED = {"url": "https://a.example", "secret": "one", "room": "ops"}


def merged(cleared: tuple[str, ...] = (), **typed: str) -> dict[str, str]:
    return secret_fields.merged(declared=DECLARED, stored=STORED, typed=typed, cleared=cleared)


def test_an_empty_secret_is_kept_and_an_empty_other_field_is_empty() -> None:
    assert merged() == {
        "url": "https://a.example",
        "secret": "one",
        "previous_secret": "",
        "room": "",
    }


def test_a_replaced_secret_moves_aside_so_that_receivers_can_change_over() -> None:
    values = merged(secret="two", room="dev")
    assert (values["secret"], values["previous_secret"], values["room"]) == ("two", "one", "dev")
    assert merged(secret="two", previous_secret="zero")["previous_secret"] == "zero"


def test_a_cleared_secret_is_gone() -> None:
    assert merged(cleared=("previous_secret",))["previous_secret"] == ""
