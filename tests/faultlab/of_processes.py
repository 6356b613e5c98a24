"""Faults of processes: workers and beats that die or are one too many, messages that are lost."""

import json
import os
import signal
import sys
import time
from collections import Counter
from typing import Any

from tests.faultlab import dying_points, scenes
from tests.faultlab.lab import Lab, duplicates
from tests.faultlab.scenes import IN_FLIGHT

Verdict = dict[str, Any]


def none(size: int) -> Verdict:
    """no fault: nothing may be doubled"""
    with scenes.scene(size) as scene:
        scene.post_all(3)
        return scene.verdict()


def f01(size: int) -> Verdict:
    """kill -9 of the worker when a tenth, half and nine tenths are sent; each time another starts"""
    with scenes.scene(size, pause_ms=30) as scene:
        scene.post()
        shares, killed_at = (0.1, 0.5, 0.9), []
        for number, share in enumerate(shares, start=1):
            scene.lab.wait_for(int(size * share), timeout_s=240)
            scene.lab.kill(f"worker-{number}")
            killed_at.append(time.time())
            scene.lab.start(f"worker-{number + 1}")
        scene.measured["taken_at_the_last_kill"] = len(scene.lab.taken())
        scene.lab.until(lambda: _resumed_after_s(scene.lab, killed_at[-1]), timeout_s=60)
        resumed = [_resumed_after_s(scene.lab, at) for at in killed_at]
        scene.measured["resumed_after_s"] = resumed
        # The next worker's own start is part of it.
        scene.hold("resumed within 15 s", all(0 < each <= 15 for each in resumed))
        scene.post_all(2)
        return scene.verdict(kills=len(shares), doubled=len(shares) * IN_FLIGHT)


def _resumed_after_s(lab: Lab, killed_at: float) -> float:
    """When the first message was taken after a kill; 0 when none was."""
    later = [each.at - killed_at for each in lab.taken() if each.at > killed_at]
    return round(min(later, default=0.0), 1)


def f02(size: int) -> Verdict:
    """kill -9 at each named point between two steps, of workers and of the operator's save"""
    hooks = [("127.1.0.1", "/webhook/0"), ("127.1.0.2", "/webhook/1")]
    with scenes.scene(size - len(hooks), hooks=hooks, worker=False) as scene:
        lab = scene.lab
        on_their_way: set[str] = set()
        points: dict[str, str] = {}
        for name, point in dying_points.POINTS.items():
            is_reached = _die_at(lab, name)
            scene.hold(f"{name} was reached", is_reached)
            found = set(lab.ask("handed")) - on_their_way
            on_their_way |= found
            points[name] = f"{len(found)} on their way"
            scene.updates += not point.is_untold
        lab.start("worker-1")
        # What was handed over when its sender died may have arrived, and nothing else.
        verdict = scene.verdict(kills=len(points), doubled=len(on_their_way))
        copies = Counter(each.delivery_id for each in lab.taken() if each.delivery_id)
        wrong = [pk for pk, count in copies.items() if count > 1 + (pk in on_their_way)]
        if wrong:
            verdict["broken"].append(f"doubled, and not on their way at a kill: {len(wrong)}")
            verdict["is_good"] = False
        verdict["points"] = _ends(lab.ask("rows"), copies, points)
        return verdict


def _die_at(lab: Lab, name: str) -> bool:
    """Publish an event of this name and have a process die at the point; whether it did."""
    if dying_points.POINTS[name].dies_posting:
        lab.run("doomed", [sys.executable, "-m", "tests.faultlab.dying", name, "post", name])
    else:
        lab.start("doomed", point=name)
        lab.post(0, title=name)
    process = lab.processes["doomed"]
    is_dead = lab.until(lambda: process.poll() is not None, timeout_s=90)
    lab.kill("doomed")
    return is_dead and process.returncode == -signal.SIGKILL


def _ends(tables: Any, copies: Counter[str], points: dict[str, str]) -> dict[str, str]:
    """For each point, what became of its event."""
    ends = {}
    for name, said in points.items():
        rows = [row for row in tables["rows"] if tables["titles"][row["topic"]] == name]
        states = Counter(row["state"] for row in rows)
        told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        doubled = sum(copies[row["id"]] > 1 for row in rows)
        ends[name] = f"{said}; {told or 'nothing saved'}; {doubled} doubled"
    return ends


def f03(size: int) -> Verdict:
    """beat dies and comes back later; the workers sweep by themselves meanwhile"""
    with scenes.scene(size) as scene:
        scene.post()
        scene.lab.kill("beat-1")
        scene.post_all(2)
        time.sleep(scenes.absent_s())
        scene.lab.start("beat-2")
        scene.post()
        return scene.verdict()


def f04(size: int) -> Verdict:
    """two beats and two workers at once"""
    with scenes.scene(size) as scene:
        scene.lab.start("beat-2")
        scene.lab.start("worker-2")
        scene.post_all(3)
        return scene.verdict()


def quick(size: int) -> Verdict:
    """two beats and two workers (F-04), then kill -9 of one in the middle (F-01), with short leases"""
    with scenes.scene(size, worker=False, has_page=False, pause_ms=20) as scene:
        lab = scene.lab
        lab.start("beat-2")
        for name in ("worker-1", "worker-2"):
            lab.start(name, is_hasty=True)
        lab.warm_up()
        scene.post_all(2)
        scene.hold("all came to its end", lab.until_quiet(timeout_s=240))
        before = len(lab.taken())
        scene.measured["dupes_without_kills"] = duplicates(lab.taken())
        scene.hold("nothing doubled without a kill", not scene.measured["dupes_without_kills"])
        scene.post()
        scene.hold("in the middle", lab.wait_for(before + size // 4, timeout_s=240))
        lab.kill("worker-1")
        scene.measured["taken_at_the_kill"] = len(lab.taken()) - before
        lab.start("worker-3", is_hasty=True)
        return scene.verdict(kills=1, doubled=IN_FLIGHT)


def f05(size: int) -> Verdict:
    """messages between beat and workers: three in ten lost, the others doubled and shuffled"""
    with scenes.scene(size, worker=False) as scene:
        lab = scene.lab
        untrusted = lab.broker.url.removesuffix("/0") + "/1"
        lab.kill("beat-1")
        lab.start("beat-2", settings={"BROKER_URL": untrusted})
        counts = lab.folder / "meddled.json"
        meddler = "tests.faultlab.meddling"
        lab.run(
            "meddler",
            [sys.executable, "-m", meddler, untrusted, lab.broker.url, os.fspath(counts)],
        )
        for name in ("worker-1", "worker-2"):
            lab.start(name)
        lab.warm_up()
        for _ in range(3):
            scene.post()
            time.sleep(3)  # so that there are messages of each update to meddle with
        scene.hold("quiet", lab.until_quiet(timeout_s=300))
        meddled = json.loads(counts.read_text())
        scene.measured["messages"] = meddled
        scene.hold("messages were lost and doubled", meddled["lost"] and meddled["doubled"])
        return scene.verdict()
