"""What a way to subscribe is, as the form shows it and hands its part over. Which there are: `ways`."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse


class NotTaken(ValueError):
    """What was entered for a way cannot be used: the sentence stands under the field of this name."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way besides e-mail, feed and calendar.

    `icon` is a line drawing (`{% line %}`). `template` holds its fields, included in the form with
    `way`, `values` (what was typed) and `errors` (sentences by field). `take(request, choice=, now=)`
    reads them from the POST and answers with the next page; it raises NotTaken for a field that is
    wrong, and lets TooManyRequests and NotNow of `subscribing` through. `part` says what a template
    needs beside that.
    """

    channel: str
    label: str
    icon: str
    template: str
    take: Callable[..., HttpResponse]
    part: dict[str, object]
