from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitoring import dependencies
from monitoring.dependencies import HOLD, TELL, Answer, Seen, Verdict

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CHILD, PARENT, GRANDPARENT = 3, 2, 1
CHAIN = {CHILD: [PARENT], PARENT: [GRANDPARENT]}


def judge(*seen: Seen, after: int = 0, checked: int = 0) -> Verdict:
    """The verdict on a child that died at NOW, `after` seconds later, last checked at `checked`."""
    return dependencies.judge(
        node=CHILD,
        died_at=NOW,
        checked_at=NOW + checked * SECOND,
        depends_on=CHAIN,
        seen=seen,
        window=60 * SECOND,
        now=NOW + after * SECOND,
    )


def up(node: int, *, checked: int, since: int = -999, is_suspect: bool = False) -> Seen:
    return Seen(
        node=node,
        is_dead=False,
        since=NOW + since * SECOND,
        checked_at=NOW + checked * SECOND,
        is_suspect=is_suspect,
    )


def down(node: int) -> Seen:
    return Seen(node=node, is_dead=True, since=NOW, checked_at=NOW)


def test_a_node_that_depends_on_nothing_is_told_at_once() -> None:
    verdict = dependencies.judge(
        node=9, died_at=NOW, checked_at=NOW, depends_on=CHAIN, seen=[], window=60 * SECOND, now=NOW
    )
    assert verdict == TELL


def test_a_child_waits_until_everything_above_was_checked_since_or_the_window_passed() -> None:
    assert judge(up(PARENT, checked=-5), up(GRANDPARENT, checked=1), after=1) == HOLD
    assert judge(up(PARENT, checked=2), up(GRANDPARENT, checked=1), after=2) == TELL
    assert judge(up(PARENT, checked=-5), after=59) == HOLD
    assert judge(up(PARENT, checked=-5), after=60) == TELL


def test_a_parent_whose_last_check_was_bad_is_waited_for() -> None:
    assert judge(up(PARENT, checked=2, is_suspect=True), after=2) == HOLD


def test_a_child_is_folded_into_the_topmost_dead_node_above_it() -> None:
    assert judge(down(PARENT)) == Verdict(Answer.FOLD, PARENT)
    assert judge(down(PARENT), down(GRANDPARENT)) == Verdict(Answer.FOLD, GRANDPARENT)
    assert judge(down(GRANDPARENT), up(PARENT, checked=9)) == Verdict(Answer.FOLD, GRANDPARENT)


def test_a_child_that_stays_down_is_told_once_it_was_checked_after_the_parent_came_back() -> None:
    back = up(PARENT, since=100, checked=100)
    assert judge(back, after=101, checked=90) == HOLD
    assert judge(back, after=101, checked=101) == TELL
    assert judge(back, after=160, checked=90) == TELL  # the window counts from the recovery


def test_nodes_in_a_circle_do_not_silence_each_other() -> None:
    circle = {1: [2], 2: [3], 3: [1], 4: [1]}
    assert dependencies.ancestors(1, circle) == set()
    assert dependencies.ancestors(4, circle) == {1, 2, 3}
    for node in (1, 2, 3):
        verdict = dependencies.judge(
            node=node,
            died_at=NOW,
            checked_at=NOW,
            depends_on=circle,
            seen=[down(1), down(2), down(3)],
            window=60 * SECOND,
            now=NOW,
        )
        assert verdict == TELL


GRAPHS = st.dictionaries(st.integers(1, 6), st.sets(st.integers(1, 6), max_size=3), max_size=6)


@given(graph=GRAPHS, dead=st.sets(st.integers(1, 6), min_size=1))
def test_of_everything_dead_something_is_always_told(
    graph: dict[int, set[int]], dead: set[int]
) -> None:
    seen = [down(n) if n in dead else up(n, checked=1) for n in range(1, 7)]
    backwards = list(reversed(seen))
    verdicts = {}
    for node in dead:
        first, second = (
            dependencies.judge(
                node=node,
                died_at=NOW,
                checked_at=NOW,
                depends_on=graph,
                seen=order,
                window=60 * SECOND,
                now=NOW + SECOND,
            )
            for order in (seen, backwards)
        )
        assert first == second
        verdicts[node] = first
    told = {node for node, verdict in verdicts.items() if verdict.answer is Answer.TELL}
    assert told
    assert all(
        verdict.root in told for verdict in verdicts.values() if verdict.answer is Answer.FOLD
    )
