"""Durable steps a second of LangGraph with its SQLite checkpointer, in the current folder."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph

STEPS = 100
OUTPUT = "x" * 100


class State(TypedDict):
    done: int
    output: str


def step(state: State) -> State:
    return {"done": state["done"] + 1, "output": OUTPUT}


builder = StateGraph(State)
builder.add_node("step", step)
builder.add_edge(START, "step")
builder.add_conditional_edges("step", lambda state: END if state["done"] == STEPS else "step")


def rate(graph, at_once: int, seconds: float) -> float:
    """Runs so many workflows at once, again and again; steps a second."""

    def workflow() -> None:
        config = {"configurable": {"thread_id": str(uuid.uuid4())}, "recursion_limit": STEPS + 10}
        graph.invoke({"done": 0, "output": ""}, config, durability="sync")

    start = time.monotonic()
    done = 0
    with ThreadPoolExecutor(at_once) as pool:
        while time.monotonic() - start < seconds:
            for each in [pool.submit(workflow) for _ in range(at_once)]:
                each.result()
            done += at_once * STEPS
    return done / (time.monotonic() - start)


if __name__ == "__main__":
    with SqliteSaver.from_conn_string("langgraph.sqlite") as saver:
        graph = builder.compile(checkpointer=saver)
        alone = rate(graph, 1, 5)
        crowd = rate(graph, 64, 5)
    print(json.dumps({"alone": round(alone, 1), "crowd": round(crowd, 1)}))
