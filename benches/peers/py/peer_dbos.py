"""DBOS Transact, durable workflows over SQLite.

W2 only: a workflow of nine steps; DBOS writes the result of each with its own settings.
"""
import os

import measure
from dbos import DBOS

DATABASE = os.path.join(measure.folder(), "dbos.db")
DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{DATABASE}", "log_level": "ERROR",
             "console_log_level": "ERROR"})


def make(name):
    @DBOS.step(name=name)
    async def phase(state: dict) -> dict:
        return {**state, "step": state["step"] + 1}
    return phase


STEPS = [make(name) for name in measure.PHASES]


@DBOS.workflow()
async def pipeline(state: dict) -> int:
    for step in STEPS:
        state = await step(state)
    return state["step"]


async def setup(workload, _):
    if workload != "w2":
        measure.refuse(f"dbos/{workload}")
    DBOS.launch()

    async def run(_):
        return await pipeline(measure.fresh_state())
    return run, 9, None


measure.main(setup)
