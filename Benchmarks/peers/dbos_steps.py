"""Durable steps a second of DBOS on SQLite, in the current folder."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from dbos import DBOS

STEPS = 100
OUTPUT = "x" * 100

DBOS(config={"name": "peer", "system_database_url": "sqlite:///dbos.sqlite", "log_level": "ERROR"})


@DBOS.step()
def step() -> str:
    return OUTPUT


@DBOS.workflow()
def workflow() -> None:
    for _ in range(STEPS):
        step()


def rate(at_once: int, seconds: float) -> float:
    """Runs so many workflows at once, again and again; steps a second."""
    start = time.monotonic()
    done = 0
    with ThreadPoolExecutor(at_once) as pool:
        while time.monotonic() - start < seconds:
            for each in [pool.submit(workflow) for _ in range(at_once)]:
                each.result()
            done += at_once * STEPS
    return done / (time.monotonic() - start)


if __name__ == "__main__":
    DBOS.launch()
    workflow()
    alone = rate(1, 5)
    crowd = rate(64, 5)
    DBOS.destroy()
    print(json.dumps({"alone": round(alone, 1), "crowd": round(crowd, 1)}))
