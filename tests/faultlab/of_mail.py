"""Faults of the mail server: away, refusing, slow, or gone before it answers."""

import time
from collections import Counter, defaultdict
from typing import Any

from tests.faultlab import scenes
from tests.faultlab.lab import percentile
from tests.faultlab.scenes import Scene

Verdict = dict[str, Any]
_AWAY_S = 75
_ATTEMPTS_A_MINUTE = 12
_A_TENTH = r"reader\d*7@"


def f15(size: int) -> Verdict:
    """the mail server is away, greets with 421, and then with 450; then it is back"""
    with scenes.scene(size) as scene:
        lab = scene.lab
        lab.mood(away=True)
        scene.post()
        time.sleep(20)
        for greeting in ("421 too busy", "450 not now"):
            lab.mood(greeting=greeting)
            before = len(lab.seen()["greeted_at"])
            time.sleep(_AWAY_S)
            tries = (len(lab.seen()["greeted_at"]) - before) * 60 / _AWAY_S
            scene.measured[f"tries_a_minute_{greeting[:3]}"] = round(tries, 1)
            scene.hold("twelve tries a minute at the most", tries <= _ATTEMPTS_A_MINUTE)
        lab.mood()
        back_at = time.time()
        found = scene.verdict()
        at = [each.at - back_at for each in lab.taken()]
        found["first_after_s"], found["all_after_s"] = round(min(at), 1), round(max(at), 1)
        return found


def f16(size: int) -> Verdict:
    """greylisting: a minute for everybody, five minutes for every tenth"""
    with scenes.scene(size) as scene:
        scene.lab.mood(greylisted_s={_A_TENTH: 300, "@": 60})
        scene.post()
        found = scene.verdict()
        tries = scene.lab.seen()["rcpt_at"]
        slow = {name: at for name, at in tries.items() if name.endswith("7@example.com")}
        fast = {name: at for name, at in tries.items() if name not in slow and "reader" in name}
        found["minute_max_s"] = round(max(at[-1] - at[0] for at in fast.values()), 1)
        found["five_minutes_max_s"] = round(max(at[-1] - at[0] for at in slow.values()), 1)
        found["tries_max"] = max(len(at) for at in tries.values())
        return found


def f17(size: int) -> Verdict:
    """nobody there for every tenth; then every message is refused for what it says, and taken again"""
    with scenes.scene(size) as scene:
        lab = scene.lab
        lab.mood(rcpt={_A_TENTH: "550 5.1.1 nobody here"})
        scene.post()
        gone = {each for each in scene.people if each.endswith("7@example.com")}
        lab.until_quiet(timeout_s=120)
        is_suppressed = lab.until(
            lambda: set(lab.ask("rows")["suppressed"]) == gone, timeout_s=100, every_s=2
        )
        scene.hold("who is not there is suppressed", is_suppressed)
        lab.mood(dot={"@": "554 5.7.1 looks like spam"})
        scene.lab.post(1)
        time.sleep(30)
        refused = lab.seen()["refused_dots"]
        scene.measured |= {"refused_in_30_s": refused, "suppressed": len(gone)}
        # Three in a row; the first single try comes after a minute.
        scene.hold("stopped after three", refused == 3)
        lab.mood()
        lab.until_quiet(timeout_s=120)
        return _without(scene, gone)


def _without(scene: Scene, gone: set[str]) -> Verdict:
    """The verdict, with the second update told to those only who were there."""
    rows = scene.lab.ask("rows")["rows"]
    failed = {row["address"] for row in rows if row["state"] == "failed"} - gone
    scene.updates = 2
    scene.people -= gone
    told = {row["address"] for row in rows if row["sequence"] == max(r["sequence"] for r in rows)}
    scene.hold("nobody who is gone was told again", not told & gone)
    refused = scene.measured["refused_in_30_s"]
    scene.hold("only refused ones failed", len(failed) <= refused + 3)
    scene.measured["failed_by_refusal"] = len(failed)
    return scene.verdict(excused=failed)


def f18(size: int) -> Verdict:
    """every tenth recipient's server takes 7 s to answer"""
    with scenes.scene(size) as scene:
        scene.lab.mood(rcpt_pause_s={_A_TENTH: 7})
        posted = time.time()
        scene.post()
        found = scene.verdict()
        waits = [
            each.at - posted
            for each in scene.lab.taken()
            if not each.recipient.endswith("7@example.com")
        ]
        found["healthy_p99"] = round(percentile(waits, 0.99), 1)
        if found["healthy_p99"] > 60:
            found["broken"].append("the healthy waited")
        found["is_good"] = not found["broken"]
        return found


def f19(size: int) -> Verdict:
    """the connection is lost after the final dot: once for each, and always for every tenth"""
    with scenes.scene(size) as scene:
        scene.lab.mood(dropped_after_dot={_A_TENTH: 99, "@": 1})
        scene.post()
        # Nobody knows whether each first copy arrived, so each may have a second; none has a third.
        found = scene.verdict(doubled=scene.size)
        at: dict[str, list[float]] = defaultdict(list)
        for each in scene.lab.taken():
            at[each.delivery_id].append(each.at)
        copies = Counter(len(times) for times in at.values())
        gaps = [times[1] - times[0] for times in at.values() if len(times) > 1]
        found["copies"] = {str(count): many for count, many in sorted(copies.items())}
        found["second_copy_after_s"] = round(min(gaps, default=0.0), 1)
        if max(copies) > 2 or found["second_copy_after_s"] < 295:
            found["broken"].append("a third copy, or a second one within five minutes")
        found["is_good"] = not found["broken"]
        return found


def f20(size: int) -> Verdict:
    """the connection is lost at the goodbye, after every 250"""
    with scenes.scene(size) as scene:
        scene.lab.mood(drops_at_quit=True)
        scene.post_all(3)
        found = scene.verdict()
        found["goodbyes_dropped"] = scene.lab.seen()["quits_dropped"]
        if found.get("sent", 0) + found.get("folded", 0) != found["rows"]:
            found["broken"].append("a message that was answered is not counted as sent")
        found["is_good"] = not found["broken"]
        return found
