"""Whatever is sent, the API answers as its document declares: schemathesis, seeded and bounded.

`bin/bench api` sends as many requests as one likes.
"""

import pytest
from pytest_django.fixtures import Settings

from tests.management_api import fuzzing
from tests.management_api.calling import Caller

AT_LEAST = 2_000


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("P1")
def test_every_answer_is_as_the_document_declares(settings: Settings) -> None:
    settings.API_PER_MINUTE = 10**6
    fuzzing.fill(seed=1)
    report = fuzzing.run(secret=Caller().secret, seed=1, examples=2, stories=5, covered=4)
    assert not report.problems, "\n".join(report.problems[:50])
    assert report.requests >= AT_LEAST, report
    # It got through to what the operations do, and was refused what is wrong.
    assert {200, 201, 204, 404, 422} <= set(report.by_status), report
    assert set(report.by_phase) == {"examples", "coverage", "fuzzing", "stateful"}
