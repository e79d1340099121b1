"""Haystack, `Pipeline.run_async`. No W2: it saves snapshots at breakpoints and errors, and no steps.

W1: `default` is `run_async`, `sync` is `run`. W3: its own tracing by opentelemetry-haystack. W4: `default` allows five at once,
`limit4` is Haystack's own limit.
"""
import asyncio
import os

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "false"  # otherwise it calls PostHog in the background

import measure
from haystack import Pipeline, component



@component
class Phase:
    """One pass-through phase: takes the state dict, counts the step, hands it on."""

    def __init__(self, llm: bool = False):
        self.llm = llm

    @component.output_types(state=dict)
    def run(self, state: dict):
        return {"state": {**state, "step": state["step"] + 1}}

    @component.output_types(state=dict)
    async def run_async(self, state: dict):
        if self.llm:
            await asyncio.sleep(measure.LLM_SLEEP)
        return {"state": {**state, "step": state["step"] + 1}}


@component
class Agent:
    def __init__(self, name: str):
        self.name = name

    @component.output_types(answer=str)
    def run(self, query: str):
        raise RuntimeError("only run asynchronously")

    @component.output_types(answer=str)
    async def run_async(self, query: str):
        await asyncio.sleep(measure.FANOUT_SLEEP)
        return {"answer": self.name}


@component
class Plan:
    @component.output_types(query=str)
    def run(self, query: str):
        raise RuntimeError("only run asynchronously")

    @component.output_types(query=str)
    async def run_async(self, query: str):
        return {"query": query}


@component
class Join:
    @component.output_types(answers=list)
    def run(self, a0: str, a1: str, a2: str, a3: str, a4: str):
        raise RuntimeError("only run asynchronously")

    @component.output_types(answers=list)
    async def run_async(self, a0: str, a1: str, a2: str, a3: str, a4: str):
        return {"answers": [a0, a1, a2, a3, a4]}


def linear(llm=False) -> Pipeline:
    p = Pipeline()
    prev = None
    for name in measure.PHASES:
        p.add_component(name, Phase(llm and name in measure.LLM_PHASES))
        if prev:
            p.connect(f"{prev}.state", f"{name}.state")
        prev = name
    return p


def fanout() -> Pipeline:
    p = Pipeline()
    p.add_component("plan", Plan())
    p.add_component("join", Join())
    for k in range(measure.FANOUT):
        p.add_component(f"agent{k}", Agent(f"agent{k}"))
        p.connect("plan.query", f"agent{k}.query")
        p.connect(f"agent{k}.answer", f"join.a{k}")
    return p


async def setup(workload, variant):
    first, last = measure.PHASES[0], measure.PHASES[-1]
    if workload == "w2":
        measure.refuse("haystack/w2")
    if workload == "w4":
        fan, limit = fanout(), 4 if variant == "limit4" else 5

        async def agents(_):
            done = await fan.run_async({"plan": {"query": measure.QUERY}}, concurrency_limit=limit)
            return len(done["join"]["answers"])
        return agents, measure.FANOUT, None
    export = None
    if workload == "w3":
        from haystack import tracing
        from haystack_integrations.tracing.opentelemetry import OpenTelemetryTracer
        export = measure.Export()
        tracing.enable_tracing(OpenTelemetryTracer(export.tracer()))
    pipeline = linear(llm=workload == "w5")

    async def run(_):
        return (await pipeline.run_async({first: {"state": measure.fresh_state()}}))[last]["state"]["step"]

    async def run_sync(_):
        return pipeline.run({first: {"state": measure.fresh_state()}})[last]["state"]["step"]
    return run_sync if variant == "sync" else run, 9, export


measure.main(setup)
