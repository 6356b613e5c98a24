"""The verdict of reliability 3.1: what the sinks took against what the tables say.

Pure but for `of`, which asks a laboratory for both.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.faultlab.lab import Lab, Taken, duplicates, percentile

Row = Mapping[str, Any]
_ARRIVED = ("sent", "unknown", "folded")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a fault may do, beyond which something is broken.

    `people` are the addresses that were active at the time; `updates` how many events each had.
    `excused` are those that need not get what is newest: a server that refuses them for good.
    `doubled` is how many second copies there may be; `holds` names further conditions.
    """

    people: Collection[str]
    updates: int
    excused: Collection[str] = ()
    doubled: int = 0
    kills: int = 0
    holds: Mapping[str, bool] = field(default_factory=dict)
    measured: Mapping[str, Any] = field(default_factory=dict)


def of(lab: Lab, expected: Expected) -> dict[str, Any]:
    """What became of everything, when all is quiet."""
    tables = lab.ask("rows")
    found = judge(
        rows=tables["rows"],
        announced=tables["announced"],
        taken=[each for each in lab.taken() if each.delivery_id],
        expected=expected,
    )
    if tables["unexpanded"]:
        found["broken"].append("not every event was expanded")
    if lab.visitor is not None:
        found["page_asked"] = lab.visitor.asked
        found["page_non200"] = len(lab.visitor.not_ok)
        if lab.visitor.not_ok:
            found["broken"].append(f"the page answered {sorted(set(lab.visitor.not_ok))}")
    found["is_good"] = not found["broken"]
    return found


def judge(
    *,
    rows: Sequence[Row],
    announced: Mapping[str, float],
    taken: Sequence[Taken],
    expected: Expected,
) -> dict[str, Any]:
    """The verdict on these rows and messages; `broken` names what does not hold."""
    by_id = {row["id"]: row for row in rows}
    first: dict[str, float] = {}
    for each in sorted(taken, key=lambda one: one.at):
        first.setdefault(each.delivery_id, each.at)
    waits = [at - announced[by_id[pk]["key"]] for pk, at in first.items() if pk in by_id]
    copies, lost = duplicates(list(taken)), missing(rows, set(first), expected)
    states = Counter(row["state"] for row in rows)
    wrong_order = out_of_order(by_id, taken)
    holds = {
        "something is missing": not lost,
        "more doubled than may be": copies <= expected.doubled,
        "an older update came after a newer": not wrong_order,
        "the sink has what no delivery knows": first.keys() <= by_id.keys(),
        **{f"not so: {name}": is_so for name, is_so in expected.holds.items()},
    }
    return {
        "rows": len(rows),
        **dict(sorted(states.items())),
        "sink": len(taken),
        "sink_unique": len(first),
        "sink_dupes": copies,
        "missing": lost[:10],
        "out_of_order": wrong_order,
        "kills": expected.kills,
        "p50": round(percentile(waits, 0.5), 1),
        "p99": round(percentile(waits, 0.99), 1),
        "max": round(max(waits, default=0.0), 1),
        **expected.measured,
        "broken": [name for name, is_so in holds.items() if not is_so],
    }


def missing(rows: Sequence[Row], arrived: Collection[str], expected: Expected) -> list[str]:
    """Who has no row for an update, has not got what is noted as sent, or not got what is newest."""
    lost = [
        f"{row['address']}: sent, not taken"
        for row in rows
        if row["state"] == "sent" and row["id"] not in arrived
    ]
    of_person: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_person[person(row)].append(row)
    for each in sorted(expected.people):
        own = of_person[each]
        if len({row["key"] for row in own}) != expected.updates:
            lost.append(f"{each}: {len(own)} of {expected.updates} rows")
        newest: dict[str, Row] = {}
        for row in own:
            newest[row["topic"]] = max(
                newest.get(row["topic"], row), row, key=lambda one: int(one["sequence"])
            )
        if each not in expected.excused:
            lost += [
                f"{each}: newest is {row['state']} ({row['error'][:80]})"
                for row in newest.values()
                if row["id"] not in arrived
            ]
            lost += [
                f"{each}: an update is {row['state']} ({row['error'][:80]})"
                for row in own
                if row["state"] not in _ARRIVED
            ]
    return lost


def person(row: Row) -> str:
    """Who a delivery is for: an address of mail, or the path of a hook."""
    address = str(row["address"])
    if row["channel"] == "webhook":
        return urlsplit(address.rpartition(" (")[0] or address).path or address
    return address


def out_of_order(by_id: Mapping[str, Row], taken: Sequence[Taken]) -> int:
    """How many messages came to somebody after one that says something newer."""
    newest: dict[tuple[str, str], int] = defaultdict(int)
    wrong = 0
    for each in sorted(taken, key=lambda one: one.at):
        row = by_id.get(each.delivery_id)
        if row is not None:
            of = (str(row["topic"]), str(row["address"]))
            wrong += row["sequence"] < newest[of]
            newest[of] = max(newest[of], row["sequence"])
    return wrong
