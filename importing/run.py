"""One import while it goes on: what is here already, what our rows are called, what to report."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from common import public_ids
from components.models import Component
from importing.ledger import Ledger
from importing.plans import Plan, Secret, Unmapped
from importing.reports import Line, Outcome
from incidents.models import Incident, Maintenance, WithdrawnEvent


class NotTaken(Exception):
    """The thing is left out on purpose, this time and the next; the message says why."""


class Run:
    """The state of one import."""

    def __init__(self, plan: Plan, *, now: datetime) -> None:
        self.plan = plan
        self.now = now
        self._ledger = Ledger(plan.source)
        self._objects: dict[tuple[str, str], models.Model] = {}
        self._created: list[Line] = []
        self._skipped: list[Line] = []
        self._refused: list[Line] = []
        self._unmapped: list[Unmapped] = list(plan.unmapped)
        self._secrets: list[Secret] = list(plan.secrets)

    @property
    def note(self) -> str:
        """What stands beside rows that have a place for a remark."""
        return f"imported from {self.plan.source}"

    def take(
        self, *, kind: str, key: str, name: str, thing: object, write: Callable[[], models.Model]
    ) -> None:
        """Write one thing and the note that it came, in one transaction, unless it came before.

        What `write` does not take (ValidationError, NotTaken) is reported, and nothing of it saved.
        """
        known = self._ledger.find(kind, key)
        if known is not None:
            made = self._ledger.object_of(known)
            if made is not None:
                self._objects[kind, key] = made
            self.skip(kind, name, self._ledger.why_skipped(known, thing))
            return
        lists: tuple[list[Any], ...] = (self._unmapped, self._secrets, self._created)
        before = [len(one) for one in lists]
        try:
            with transaction.atomic():
                made = write()
                self._ledger.keep(kind, key, thing, made, now=self.now)
        except ValidationError as error:
            _cut(lists, before)
            self._refused.append(Line(kind=kind, name=name, reason=" ".join(error.messages)))
        except NotTaken as error:
            _cut(lists, before)
            self.skip(kind, name, str(error))
        else:
            self._objects[kind, key] = made
            self._created.append(Line(kind=kind, name=name))

    def take_many(
        self,
        *,
        kind: str,
        things: Mapping[str, Any],
        name: Callable[[Any], str],
        write: Callable[[Mapping[str, Any]], Mapping[str, models.Model]],
    ) -> None:
        """Write several things by key, and the notes that they came, in one transaction.

        `write` gets those that did not come before, and returns the row of each that it took; of the
        others it has reported why not.
        """
        fresh: dict[str, Any] = {}
        for key, thing in things.items():
            known = self._ledger.find(kind, key)
            if known is None:
                fresh[key] = thing
            else:
                self.skip(kind, name(thing), self._ledger.why_skipped(known, thing))
        if not fresh:
            return
        with transaction.atomic():
            made = write(fresh)
            self._ledger.keep_many(
                kind, [(key, fresh[key], row) for key, row in made.items()], now=self.now
            )
        self._created += [Line(kind=kind, name=name(fresh[key])) for key in made]

    def refuse(self, kind: str, name: str, reason: str) -> None:
        """Report a thing that our own checks do not take."""
        self._refused.append(Line(kind=kind, name=name, reason=reason))

    def reuse(self, *, kind: str, key: str, name: str, thing: object, made: models.Model) -> None:
        """Note that a thing is here already, made by somebody else, and go on with that."""
        with transaction.atomic():
            self._ledger.keep(kind, key, thing, made, now=self.now)
        self._objects[kind, key] = made
        self.skip(kind, name, "one of this name is here already: it is used")

    def came_before(self, kind: str, key: str) -> bool:
        """Whether an earlier run brought it."""
        return self._ledger.find(kind, key) is not None

    def skip(self, kind: str, name: str, reason: str) -> None:
        """Report a thing that is left out."""
        self._skipped.append(Line(kind=kind, name=name, reason=reason))

    def made(self, kind: str, name: str) -> None:
        """Report a part of a thing that came with it."""
        self._created.append(Line(kind=kind, name=name))

    def lose(self, what: str, reason: str) -> None:
        """Report a part of a thing that has no place here."""
        self._unmapped.append(Unmapped(what=what, reason=reason))

    def ask_for(self, where: str, what: str) -> None:
        """Report a secret that an operator has to enter."""
        self._secrets.append(Secret(where=where, what=what))

    def object_of(self, kind: str, key: str) -> Any:
        """Our row of a thing, from this run or one before; None when there is none (any more)."""
        return self._objects.get((kind, key))

    def components(self, keys: Iterable[str]) -> dict[str, Component]:
        """Our components by the keys of the source; those that are not here are left out."""
        found = {key: self.object_of("component", key) for key in keys}
        return {key: row for key, row in found.items() if row is not None}

    def came_at(self, key: str) -> datetime | None:
        """When a component was imported by an earlier run; None when it is of this one."""
        row = self._ledger.find("component", key)
        return row.imported_at if row is not None else None

    def short(self, text: str, limit: int, *, what: str) -> str:
        """A text of one line that fits; what was cut off is reported."""
        clean = " ".join(storable(text).split())
        if len(clean) <= limit:
            return clean
        self.lose(what, f"It was shortened to {limit:,} characters.")
        return clean[: limit - 1] + "…"

    def fitting(self, text: str, limit: int, *, what: str) -> str:
        """A text of several lines that fits; what was cut off is reported."""
        text = storable(text)
        if len(text) <= limit:
            return text
        self.lose(what, f"It was shortened to {limit:,} characters.")
        return text[: limit - 1] + "…"

    def kept_before(self, secret: Secret) -> None:
        """Report a secret as one that an earlier run kept, and not as one to enter."""
        self._secrets.remove(secret)
        self.skip("token", secret.where, "kept before")

    def outcome(self, *, is_dry_run: bool) -> Outcome:
        """What came of it so far."""
        return Outcome(
            source=self.plan.source,
            is_dry_run=is_dry_run,
            created=tuple(self._created),
            skipped=tuple(self._skipped),
            refused=tuple(self._refused),
            unmapped=tuple(self._unmapped),
            secrets=tuple(self._secrets),
            page=self.plan.page,
        )


def storable(text: str) -> str:
    """The text without what no database holds: NUL, and halves of characters, which JSON can bring."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _cut(lists: Iterable[list[Any]], lengths: Iterable[int]) -> None:
    """Take back what was reported of a thing that is not written after all."""
    for one, length in zip(lists, lengths, strict=True):
        del one[length:]


def public_id(model: type[models.Model], wanted: str) -> str:
    """The public id as the source has it, if it is one of ours in form and free; else a new one."""
    rows = [model]
    if model in {Incident, Maintenance}:
        rows = [Incident, Maintenance, WithdrawnEvent]
    taken = any(one._default_manager.filter(public_id=wanted).exists() for one in rows)
    return wanted if public_ids.is_valid(wanted) and not taken else public_ids.make()
