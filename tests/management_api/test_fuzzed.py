"""Whatever is sent, the API answers as its document declares: schemathesis, seeded and bounded.

`bin/bench api` sends as many requests as one likes.
"""

import pytest
from pytest_django.fixtures import Settings

from tests.management_api import fuzzed_world, fuzzing
from tests.management_api.calling import Caller

AT_LEAST = 2_000
# Operations that need not succeed, each with the reason.
NEVER_DONE: dict[str, str] = {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("P1")
def test_every_answer_is_as_the_document_declares(settings: Settings) -> None:
    settings.API_PER_MINUTE = 10**6
    fuzzed_world.fill(seed=1)
    report = fuzzing.run(secret=Caller().secret, seed=7, examples=1, stories=10, covered=5)
    assert not report.problems, "\n".join(report.problems[:50])
    assert report.requests >= AT_LEAST, report
    # Each operation did what it is for, and was refused what is wrong.
    assert set(fuzzing.operations()) - report.done == set(NEVER_DONE)
    assert {200, 201, 204, 404, 422} <= set(report.by_status), report
    assert set(report.by_phase) == {"examples", "coverage", "fuzzing", "stateful"}
