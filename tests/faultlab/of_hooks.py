"""Faults over HTTP: endpoints that are no good, many on one host, a provider that does not answer."""

import time
from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

from tests.faultlab import hostile, scenes
from tests.faultlab.hostile import host
from tests.faultlab.lab import percentile

Verdict = dict[str, Any]
_HEALTHY_P99_S = 30
_ATTEMPT_S = 20


def f23(size: int) -> Verdict:
    """one endpoint in ten hangs, drips, resets, fails, redirects, is gone, busy or late"""
    wrongs = list(hostile.WRONGS)
    good = [(host(1, number), f"/webhook/{number}") for number in range(size * 9 // 10)]
    bad = [
        (host(4, number), f"/{wrongs[number % len(wrongs)]}/{number}")
        for number in range(size - len(good))
    ]
    with scenes.scene(20, hooks=bad + good) as scene:
        lab = scene.lab
        scene.people = {path for _host, path in good} | scenes.readers(20)
        posted = time.time()
        scene.post()
        lab.wait_for(len(good) + 20, timeout_s=240)
        waits = [each.at - posted for each in lab.taken() if each.kind == "webhook"]
        # Long enough for the second try of those that were not busy, and for what hangs.
        time.sleep(60)
        lab.until(lambda: lab.ask("rows")["paused"], timeout_s=90, every_s=2)
        calls: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for path, began, ended in lab.seen()["calls"]:
            calls[path].append((began, ended))
        longest = max(
            ended - began
            for path, each in calls.items()
            for began, ended in each
            if not path.startswith("/late")
        )
        busy = [
            each[1][0] - each[0][1]
            for path, each in calls.items()
            if path.startswith("/busy") and len(each) > 1
        ]
        tables = lab.ask("rows")
        states = _states(tables["rows"])
        scene.measured |= {
            "healthy_p99": round(percentile(waits, 0.99), 1),
            "longest_attempt_s": round(longest, 1),
            "busy_waited_s": round(min(busy, default=0.0), 1),
            "states_of_bad": states,
            "paused": len(tables["paused"]),
        }
        gone = {path for _host, path in bad if path.startswith("/gone")}
        paused = {urlsplit(each).path for each in tables["paused"]}
        scene.hold("healthy within 30 s", scene.measured["healthy_p99"] <= _HEALTHY_P99_S)
        scene.hold("no attempt longer than 20 s", longest <= _ATTEMPT_S)
        scene.hold("who is gone is switched off, and nobody else", paused == gone)
        scene.hold("Retry-After is kept", all(waited >= hostile.RETRY_AFTER_S for waited in busy))
        scene.hold("a redirect is a failure", set(states["redirects"]) == {"pending"})
        return scene.verdict(open_left=len(bad), patience_s=60)


def _states(rows: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Of each kind of bad endpoint, how many deliveries are in which state."""
    found: dict[str, dict[str, int]] = {name: defaultdict(int) for name in hostile.WRONGS}
    for row in rows:
        kind = urlsplit(row["address"]).path.split("/")[1:2]
        if kind and kind[0] in found:
            found[kind[0]][row["state"]] += 1
    return found


def f24(size: int) -> Verdict:
    """nine endpoints in ten are on one host"""
    many = [("127.3.0.1", f"/webhook/many{number}") for number in range(size * 9 // 10)]
    others = [(host(1, number), f"/webhook/other{number}") for number in range(size - len(many))]
    with scenes.scene(20, hooks=many + others, pause_ms=20) as scene:
        lab = scene.lab
        lab.start("worker-2")
        posted = time.time()
        scene.post()
        found = scene.verdict()
        at_once = lab.seen()["most_at_once"]
        waits = [each.at - posted for each in lab.taken() if "other" in each.recipient]
        found["most_at_once"] = at_once["127.3.0.1"]
        found["others_p99"] = round(percentile(waits, 0.99), 1)
        if found["most_at_once"] > 2:
            found["broken"].append("more than two at once on one host")
        if found["others_p99"] > _HEALTHY_P99_S:
            found["broken"].append("the others waited")
        found["is_good"] = not found["broken"]
        return found


def f25(size: int) -> Verdict:
    """the provider of text messages answers nothing for two in ten: one it has taken, one it has lost"""
    with scenes.scene(20, texts=size) as scene:
        lab = scene.lab
        lab.mood(texts={"5$": "kept", "7$": "lost"})
        scene.post()
        found = scene.verdict(patience_s=240)
        states = {row["state"] for row in lab.ask("rows")["rows"] if row["channel"] == "sms"}
        found["questions"] = lab.seen()["questions"]
        if states != {"sent"}:
            found["broken"].append(f"text messages ended as {sorted(states)}")
        if found["questions"] < size // 5:
            found["broken"].append("the provider was not asked about each")
        found["is_good"] = not found["broken"]
        return found
