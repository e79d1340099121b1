"""The floor of Python: asyncio by hand, without a framework.

W2: the standard library's sqlite3, WAL, a commit a phase; `default` is synchronous FULL, `normal` NORMAL. W3: a span a phase.
"""
import asyncio
import json
import os
import sqlite3

import measure


def linear(llm=False, tracer=None, save=None):
    async def phase(name, state, number):
        if llm and name in measure.LLM_PHASES:
            await asyncio.sleep(measure.LLM_SLEEP)
        state = {**state, "step": state["step"] + 1}
        if save:
            save(number, name, state)
        return state

    async def run(number):
        state = measure.fresh_state()
        for name in measure.PHASES:
            if tracer is not None:
                with tracer.start_as_current_span(name):
                    state = await phase(name, state, number)
            else:
                state = await phase(name, state, number)
        return state["step"]
    return run


def saver(variant):
    database = sqlite3.connect(os.path.join(measure.folder(), "asyncio.db"), isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.execute(f"pragma synchronous={'normal' if variant == 'normal' else 'full'}")
    database.execute("create table saved(run integer, step integer, name text, state text, primary key(run, step))")

    def save(number, name, state):
        row = (number, state["step"], name, json.dumps(state))
        database.execute("insert or replace into saved values(?,?,?,?)", row)
    return save


async def setup(workload, variant):
    if workload in ("w1", "w5"):
        return linear(llm=workload == "w5"), 9, None
    if workload == "w2":
        return linear(save=saver(variant)), 9, None
    if workload == "w3":
        export = measure.Export()
        return linear(tracer=export.tracer()), 9, export

    async def agent(number):
        await asyncio.sleep(measure.FANOUT_SLEEP)
        return number

    async def run(_):
        return len(await asyncio.gather(*(agent(k) for k in range(measure.FANOUT))))
    return run, measure.FANOUT, None


measure.main(setup)
