"""Faults of stores: the broker and the database go away while messages leave."""

import signal
import time
from typing import Any

import psycopg

from tests.faultlab import scenes
from tests.faultlab.lab import Lab

Verdict = dict[str, Any]


def f08(size: int) -> Verdict:
    """the broker is killed twice while messages leave, and updates are posted without it"""
    with scenes.scene(size) as scene:
        scene.post()
        slowest = 0.0
        for _ in range(2):
            scene.lab.broker.stop(signal.SIGKILL)
            slowest = max(slowest, scene.post())
            time.sleep(scenes.absent_s())
            scene.lab.broker.start()
        scene.measured["slowest_save_s"] = round(slowest, 2)
        return scene.verdict()


def f10(size: int) -> Verdict:
    """PostgreSQL is restarted in the middle of the fan-out, at once and then fast"""
    with scenes.scene(size, is_durable=True, pause_ms=50) as scene:
        lab = scene.lab
        scene.post()
        gaps, own = {}, {}
        for how, number, share in (("immediate", signal.SIGQUIT, 4), ("fast", signal.SIGINT, 2)):
            scene.hold("was in the middle", lab.wait_for(scene.size // share, timeout_s=120))
            lab.database.stop(number)
            began_at = time.time()
            lab.database.start()
            # It listens before it has recovered; how long that takes is the database's own.
            scene.hold("is back", lab.until(lambda: _is_back(lab), timeout_s=60, every_s=0.05))
            back_at = time.time()
            own[how] = round(back_at - began_at, 1)
            scene.hold("messages left again", _has_more(lab, back_at))
            gaps[how] = round(min(_since(lab, back_at), default=99.0) - back_at, 1)
        scene.measured |= {"recovered_after_s": gaps, "database_took_s": own}
        # A message may still be answered from before; what counts is that sending goes on soon.
        scene.hold("recovered within 5 s", max(gaps.values()) <= 5)
        scene.post()
        found = scene.verdict()
        saved = lab.ask("rows")["incidents"]
        if saved != ["Trouble"]:
            found["broken"].append(f"acknowledged and lost: {saved}")
            found["is_good"] = False
        return found


def _is_back(lab: Lab) -> bool:
    try:
        psycopg.connect(lab.database.url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _since(lab: Lab, at: float) -> list[float]:
    """When messages were taken since then, more than half a second after it."""
    return [each.at for each in lab.taken() if each.at > at + 0.5]


def _has_more(lab: Lab, at: float) -> bool:
    return lab.until(lambda: _since(lab, at), timeout_s=60)
