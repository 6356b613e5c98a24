"""Statuspage's pages as plans, from both of its APIs: every row of the mapping table."""

from datetime import UTC, datetime
from typing import Any

import pytest

from components.status import Status
from importing import statuspage_v1, statuspage_v2
from importing.plans import Incident, Maintenance, Plan
from importing.problems import SourceUnreadable

PAGE = {
    "id": "0pgbcdfghjkl",
    "name": "Acme",
    "url": "https://status.acme.example",
    "time_zone": "Etc/UTC",
    "updated_at": "2026-11-19T12:00:00.000Z",
}
CORE, API, WEB = "1grpbcdfghjk", "2vpbcdfghjkl", "3wbbcdfghjkl"


def component(key: str, **fields: object) -> dict[str, Any]:
    return {
        "id": key,
        "name": key,
        "status": "operational",
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
        "position": 1,
        "description": None,
        "showcase": True,
        "start_date": None,
        "group_id": None,
        "page_id": PAGE["id"],
        "group": False,
        "only_show_if_degraded": False,
    } | fields


def entry(key: str, status: str, at: str, **fields: object) -> dict[str, Any]:
    return {
        "id": key,
        "status": status,
        "body": f"It is {status}.",
        "created_at": f"2026-11-{at}:00.000Z",
        "updated_at": f"2026-11-{at}:00.000Z",
        "display_at": f"2026-11-{at}:00.000Z",
        "affected_components": None,
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    } | fields


def chip(key: str, before: str, after: str) -> dict[str, str]:
    return {"code": key, "name": f"Core - {key}", "old_status": before, "new_status": after}


def incident(**fields: object) -> dict[str, Any]:
    """A resolved incident; its updates newest first, as they write them."""
    return {
        "id": "4ncbcdfghjkl",
        "name": "Checkout fails",
        "status": "resolved",
        "created_at": "2026-11-10T10:00:00.000Z",
        "updated_at": "2026-11-10T11:00:00.000Z",
        "monitoring_at": None,
        "resolved_at": "2026-11-10T11:00:00.000Z",
        "impact": "major",
        "shortlink": "https://stspg.example/x",
        "started_at": "2026-11-10T10:00:00.000Z",
        "page_id": PAGE["id"],
        "incident_updates": [
            entry(
                "6pdbcdfghjkl",
                "resolved",
                "10T11:00",
                affected_components=[chip(API, "partial_outage", "operational")],
            ),
            entry(
                "5pdbcdfghjkl",
                "investigating",
                "10T10:00",
                body="One<br />two &amp; three",
                affected_components=[chip(API, "operational", "partial_outage")],
            ),
        ],
        "components": [component(API)],
        "reminder_intervals": None,
    } | fields


def work(**fields: object) -> dict[str, Any]:
    return (
        incident(
            id="7wrbcdfghjkl",
            name="New disks",
            status="scheduled",
            impact="maintenance",
            resolved_at=None,
            scheduled_for="2026-12-01T22:00:00.000Z",
            scheduled_until="2026-12-01T23:30:00.000Z",
            incident_updates=[entry("8pdbcdfghjkl", "scheduled", "18T10:00")],
        )
        | fields
    )


def group() -> dict[str, Any]:
    return component(CORE, name="Core", group=True, components=[API])


def public(*, components: object = None, incidents: object = (), works: object = ()) -> Plan:
    """The plan of public documents."""
    leaves = [component(API, group_id=CORE, position=1), component(WEB, position=2)]
    return statuspage_v2.plan(
        {
            "components": {"page": PAGE, "components": components or [*leaves, group()]},
            "incidents": {"page": PAGE, "incidents": list(incidents)},  # type: ignore[call-overload]
            "scheduled-maintenances": {"page": PAGE, "scheduled_maintenances": list(works)},  # type: ignore[call-overload]
        }
    )


def one(**fields: object) -> Incident:
    (found,) = public(incidents=[incident(**fields)]).incidents
    return found


def planned(**fields: object) -> Maintenance:
    (found,) = public(works=[work(**fields)]).maintenances
    return found


def managed(**lists: Any) -> Plan:
    """The plan of what the management API tells."""
    return statuspage_v1.plan(
        statuspage_v1.Export(
            **{
                "page": PAGE,
                "components": [component(API, group_id=CORE), component(WEB)],
                "groups": [{"id": CORE, "name": "Core", "components": [API], "position": 3}],
                **lists,
            }
        )
    )


def reasons(plan: Plan) -> dict[str, str]:
    return {each.what: each.reason for each in plan.unmapped}


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00+00:00").astimezone(UTC)


def test_the_page_and_its_components_keep_their_ids_and_order() -> None:
    plan = public()

    assert plan.page == {
        "name": "Acme",
        "time_zone": "Etc/UTC",
        "url": "https://status.acme.example",
    }
    assert [(each.key, each.name, each.public_id) for each in plan.groups] == [(CORE, "Core", CORE)]
    assert [(each.key, each.group, each.public_id, each.nodes) for each in plan.components] == [
        (API, CORE, API, ()),
        (WEB, "", WEB, ()),
    ]


def test_a_component_says_what_it_is_and_from_when_on() -> None:
    rows = [
        component(
            API, status="under_maintenance", description="For programs", start_date="2025-06-01"
        ),
        component(WEB, status="", only_show_if_degraded=True, showcase=False),
    ]
    plan = public(components=rows)

    api, web = plan.components
    assert (api.status, api.description) == (Status.UNDER_MAINTENANCE, "For programs")
    assert api.created_at == datetime(2025, 6, 1, tzinfo=UTC)
    assert (web.status, web.created_at) == (Status.OPERATIONAL, datetime(2026, 1, 1, tzinfo=UTC))
    assert f"component {WEB}: only_show_if_degraded" in reasons(plan)
    assert f"component {WEB}: showcase" in reasons(plan)


def test_an_incident_keeps_ids_times_words_and_texts() -> None:
    found = one()

    assert (found.key, found.public_id) == ("4ncbcdfghjkl", "4ncbcdfghjkl")
    assert (found.title, found.impact) == ("Checkout fails", "major")
    assert (found.started_at, found.resolved_at) == (at("10T10:00"), at("10T11:00"))
    assert [(each.public_id, each.state, each.text) for each in found.updates] == [
        ("5pdbcdfghjkl", "investigating", "One\ntwo & three"),
        ("6pdbcdfghjkl", "resolved", "It is resolved."),
    ]
    assert found.components == (API,)
    assert [dict(each.components) for each in found.updates] == [
        {API: (Status.OPERATIONAL, Status.PARTIAL_OUTAGE)},
        {API: (Status.PARTIAL_OUTAGE, Status.OPERATIONAL)},
    ]


def test_a_component_of_which_no_entry_says_anything_stays_as_it_is_shown() -> None:
    """An impact claims nothing of components there."""
    rows = [entry("5pdbcdfghjkl", "identified", "10T10:00")]
    fields = {"incident_updates": rows, "impact": "critical"}

    over = one(**fields)
    going_on = one(
        **fields,
        status="identified",
        resolved_at=None,
        components=[component(API, status="degraded_performance")],
    )

    assert over.components == going_on.components == (API,)
    assert over.updates[0].components == {API: (Status.OPERATIONAL,) * 2}
    assert going_on.updates[0].components == {API: (Status.DEGRADED_PERFORMANCE,) * 2}


@pytest.mark.parametrize("impact", ["none", "minor", "major", "critical"])
def test_impacts_are_the_same_words_and_an_override_wins(impact: str) -> None:
    assert one(impact=impact).impact == impact
    assert one(impact="none", impact_override=impact).impact == impact


def test_the_time_of_an_entry_is_the_one_that_is_shown() -> None:
    rows = [entry("5pdbcdfghjkl", "resolved", "12T10:00", display_at="2026-11-09T08:00:00.000Z")]
    found = one(incident_updates=rows, resolved_at="2026-11-09T08:00:00.000Z")

    assert found.updates[0].at == at("09T08:00")
    assert found.started_at == at("09T08:00")  # a backfilled one says when it was written


def test_the_placeholder_of_old_pages_and_components_that_are_gone_touch_nothing() -> None:
    placeholder = [{"name": "No components were affected by this update."}]
    rows = [
        entry("6pdbcdfghjkl", "resolved", "10T11:00", affected_components=placeholder),
        entry(
            "5pdbcdfghjkl",
            "identified",
            "10T10:00",
            affected_components=[chip("9gnbcdfghjkl", "operational", "major_outage")],
        ),
    ]
    plan = public(incidents=[incident(incident_updates=rows, components=[])])

    assert [dict(each.components) for each in plan.incidents[0].updates] == [{}, {}]
    assert any("does not have it any more" in reason for reason in reasons(plan).values())


def test_the_entry_of_a_postmortem_is_the_report_as_well() -> None:
    rows = [
        entry("6pdbcdfghjkl", "postmortem", "11T10:00", body="<p>The <b>cause</b></p>"),
        entry("5pdbcdfghjkl", "resolved", "10T11:00"),
    ]
    found = one(status="postmortem", incident_updates=rows)

    assert found.postmortem == "The **cause**"
    assert [(each.state, each.text) for each in found.updates] == [
        ("resolved", "It is resolved."),
        ("postmortem", "The **cause**"),
    ]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("scheduled", "scheduled"),
        ("in_progress", "in_progress"),
        ("verifying", "verification"),
        ("completed", "completed"),
    ],
)
def test_maintenance_keeps_its_window_and_state(theirs: str, ours: str) -> None:
    rows = [
        entry("9pdbcdfghjkl", theirs, "19T10:00"),
        entry("8pdbcdfghjkl", "scheduled", "18T10:00"),
    ]
    found = planned(status=theirs, incident_updates=rows)

    assert (found.state, found.public_id, found.text) == (ours, "7wrbcdfghjkl", "It is scheduled.")
    assert found.starts_at == datetime(2026, 12, 1, 22, tzinfo=UTC)
    assert found.ends_at == datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
    assert found.components == (API,)
    assert [each.state for each in found.updates] == ["scheduled", ours]


@pytest.mark.parametrize(
    ("said", "starts", "ends"),
    [
        ({}, True, True),  # the public documents do not tell
        ({"scheduled_auto_in_progress": False, "scheduled_auto_completed": True}, False, True),
        ({"scheduled_auto_in_progress": True, "scheduled_auto_completed": False}, True, False),
    ],
)
def test_maintenance_starts_and_ends_by_itself_only_where_it_did_there(
    said: dict[str, bool], starts: bool, ends: bool
) -> None:
    plan = managed(incidents=[work(**said)])

    (found,) = plan.maintenances
    assert (found.auto_start, found.auto_finish) == (starts, ends)
    assert not any("scheduled_auto" in what for what in reasons(plan))


def test_what_maintenance_does_not_do_with_its_components_there_is_told() -> None:
    row = work(
        auto_transition_to_maintenance_state=False,
        scheduled_remind_prior=True,
        scheduled_until=None,
    )
    told = reasons(managed(incidents=[row]))

    assert "maintenance “New disks”: auto_transition_to_maintenance_state" in told
    assert "maintenance “New disks”: scheduled_remind_prior" in told
    assert "an hour is assumed" in told["maintenance “New disks”"]


def test_what_the_public_documents_cannot_hold_is_told_and_nothing_is_claimed_of_before() -> None:
    rows = [
        incident(
            id=f"{number:012}",
            started_at=f"2026-11-10T10:{number:02}:00.000Z",
            incident_updates=[entry("5pdbcdfghjkl", "resolved", f"10T10:{number:02}")],
        )
        for number in range(50)
    ]
    plan = public(incidents=rows)

    assert "more than 50 incidents" in reasons(plan)
    assert "subscribers" in reasons(plan)
    assert {each.created_at for each in plan.components} == {at("10T10:00")}


def test_a_summary_alone_is_enough() -> None:
    plan = statuspage_v2.plan(
        {
            "summary": {
                "page": PAGE,
                "components": [component(API)],
                "incidents": [incident(status="monitoring", resolved_at=None)],
                "scheduled_maintenances": [work()],
            }
        }
    )

    assert len(plan.components) == len(plan.incidents) == len(plan.maintenances) == 1
    assert plan.incidents[0].resolved_at is None


# ---- the management API --------------------------------------------------------------------------


def test_one_list_holds_incidents_and_maintenance_and_texts_are_markdown_already() -> None:
    rows = [
        incident(
            incident_updates=[entry("5pdbcdfghjkl", "resolved", "10T11:00", body="**a**<br />b")]
        ),
        incident(),  # a list that grew while it was read shows one twice
        work(),
    ]
    plan = managed(incidents=rows)

    assert len(plan.incidents) == 1
    assert [each.key for each in plan.maintenances] == ["7wrbcdfghjkl"]
    only = managed(incidents=rows[:1]).incidents[0]
    assert only.updates[0].text == "**a**\nb"


def test_groups_of_the_management_api_come_across() -> None:
    plan = managed()

    assert [(each.key, each.position) for each in plan.groups] == [(CORE, 3)]
    assert plan.components[0].group == CORE


def test_postmortems_come_across_when_they_were_published() -> None:
    published = {"postmortem_body": "The cause", "postmortem_published_at": "2026-11-12T10:00:00Z"}
    plan = managed(
        incidents=[
            incident(**published),
            incident(id="4zcbcdfghjkl", name="Other", postmortem_body="Draft"),
            incident(id="4ycbcdfghjkl", **published, postmortem_ignored=True),
        ]
    )

    assert [each.postmortem for each in plan.incidents] == ["The cause", "", ""]
    assert "postmortem of “Other”" in reasons(plan)


def subscriber(key: str, **fields: object) -> dict[str, object]:
    return {
        "id": key,
        "mode": "email",
        "email": f"{key}@example.com",
        "created_at": "2026-05-01T08:00:00.000Z",
        "quarantined_at": None,
        "components": None,
    } | fields


def test_subscribers_stay_confirmed_unconfirmed_or_quarantined() -> None:
    plan = managed(
        subscribers={
            "active": [subscriber("a"), subscriber("b", components=[API, "gone"])],
            "unconfirmed": [subscriber("c"), subscriber("a")],
            "quarantined": [subscriber("d", quarantined_at="2026-06-01T08:00:00.000Z")],
        }
    )

    found = [
        (each.key, each.is_confirmed, each.is_suppressed, each.components)
        for each in plan.subscribers
    ]
    assert found == [
        ("a", True, False, None),
        ("b", True, False, (API,)),
        ("c", False, False, None),
        ("d", True, True, None),
    ]
    assert plan.subscribers[0].confirmed_at == datetime(2026, 5, 1, 8, tzinfo=UTC)
    assert plan.subscribers[2].confirmed_at is None


def test_other_ways_of_telling_are_told_and_webhooks_need_a_new_secret() -> None:
    plan = managed(
        subscribers={
            "active": [
                subscriber("a", mode="sms", email=None, phone_number="5550100"),
                subscriber("b", mode="slack", email=None),
                subscriber("c", mode="teams"),
                subscriber("d", mode="integration_partner"),
                subscriber("e", mode="webhook", endpoint="https://hooks.example/s3cret"),
            ]
        }
    )

    assert plan.subscribers == ()
    assert {f"subscriber {key}" for key in "abcd"} <= set(reasons(plan))
    assert [each.where for each in plan.secrets] == ["subscriber e"]
    assert "s3cret" not in repr(plan)


def test_templates_come_across() -> None:
    row = {
        "id": "tmpl",
        "name": "Slow",
        "title": "We are slow",
        "body": "Look<br />here",
        "update_status": "investigating",
        "components": [{"id": API}, {"id": "gone"}],
    }
    (found,) = managed(templates=[row]).templates

    assert (found.name, found.title, found.text) == ("Slow", "We are slow", "Look\nhere")
    assert found.components == (API,)


def test_what_has_no_place_is_told() -> None:
    plan = managed(
        page=PAGE | {"css_body_background_color": "ffffff"},
        components=[component(API, automation_email="x@example.com")],
    )

    told = reasons(plan)
    for what in (
        *("colours, logos and notification settings", "metrics"),
        *("page access users and groups", f"component {API}: automation_email"),
        "posts to X, scores of activity and impacts by time",
    ):
        assert told[what]


@pytest.mark.parametrize(
    ("documents", "sentence"),
    [
        ({}, "no components in it"),
        ({"a": []}, "a.json should be an object"),
        ({"a": {"components": 7}}, "components should be a list"),
        ({"a": {"components": [7]}}, r"components\[0\] should be an object"),
        ({"a": {"components": [{"name": "x"}]}}, "id is missing"),
        ({"a": {"components": [component(API, status="broken")]}}, "broken is no status"),
        ({"a": {"components": [component(API, start_date="soon")]}}, "a date like"),
        (
            {"a": {"components": [component(API, created_at="2026-01-01T00:00:00")]}},
            "its zone|like",
        ),
        ({"a": {"components": [], "incidents": [incident(status="odd")]}}, "odd is no state"),
        ({"a": {"components": [], "incidents": [incident(impact="huge")]}}, "huge is no impact"),
        ({"a": {"components": [], "incidents": [incident(incident_updates="x")]}}, "a list"),
        ({"a": {"components": [], "incidents": [incident(name=["x"])]}}, "a text"),
        (
            {"a": {"components": [], "scheduled_maintenances": [work(status="resolved")]}},
            "no state",
        ),
    ],
)
def test_documents_of_another_form_are_refused_with_one_sentence(
    documents: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SourceUnreadable, match=sentence) as caught:
        statuspage_v2.plan(documents)

    assert "\n" not in str(caught.value)
