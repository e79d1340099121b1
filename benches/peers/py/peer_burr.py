"""Apache Burr. An Application is one conversation, so every run builds one on a shared graph, as a server would for a request.

W2: Burr's AsyncSQLitePersister, a save a step. W3: its OpenTelemetryBridge. W4: its MapActions.
"""
import asyncio
import os

import measure
from burr.core import ApplicationBuilder, GraphBuilder, State, action
from burr.core.action import create_action
from burr.core.parallelism import MapActions


def make_phase(name, llm):
    @action(reads=["step"], writes=["step"])
    async def phase(state: State) -> State:
        if llm:
            await asyncio.sleep(measure.LLM_SLEEP)
        return state.update(step=state["step"] + 1)
    return phase


def linear(llm=False):
    acts = {n: make_phase(n, llm and n in measure.LLM_PHASES) for n in measure.PHASES}
    return (GraphBuilder().with_actions(**acts)
            .with_transitions(*[(a, b) for a, b in zip(measure.PHASES, measure.PHASES[1:])]).build())


@action(reads=["query"], writes=["answer"])
async def agent(state: State, k: int) -> State:
    await asyncio.sleep(measure.FANOUT_SLEEP)
    return state.update(answer=f"agent{k}")


class Fan(MapActions):
    async def actions(self, state, context, inputs):
        for k in range(measure.FANOUT):
            yield create_action(agent.bind(k=k), f"agent{k}")

    def state(self, state, inputs):
        return state

    async def reduce(self, state, states):
        out = []
        async for s in states:
            out.append(s["answer"])
        return state.update(answers=out)

    def is_async(self):
        return True

    @property
    def reads(self):
        return ["query"]

    @property
    def writes(self):
        return ["answers"]


async def setup(workload, _):
    last = measure.PHASES[-1]
    if workload == "w4":
        graph = GraphBuilder().with_actions(fan=Fan()).build()

        async def fan(_):
            builder = ApplicationBuilder().with_graph(graph).with_entrypoint("fan").with_state(query=measure.QUERY)
            _, _, state = await (await builder.abuild()).arun(halt_after=["fan"])
            return len(state["answers"])
        return fan, measure.FANOUT, None
    graph, export, persister, hooks = linear(llm=workload == "w5"), None, None, []
    if workload == "w2":
        from burr.integrations.persisters.b_aiosqlite import AsyncSQLitePersister
        path = os.path.join(measure.folder(), "burr.db")
        persister = await AsyncSQLitePersister.from_values(db_path=path, table_name="state")
        await persister.initialize()
    if workload == "w3":
        from burr.integrations.opentelemetry import OpenTelemetryBridge
        export = measure.Export()
        hooks = [OpenTelemetryBridge(tracer=export.tracer())]

    async def run(number):
        builder = ApplicationBuilder().with_graph(graph).with_entrypoint(measure.PHASES[0])
        builder = builder.with_state(**measure.fresh_state()).with_hooks(*hooks)
        if persister is not None:
            builder = builder.with_identifiers(app_id=f"a{number}", partition_key="p").with_state_persister(persister)
        _, _, state = await (await builder.abuild()).arun(halt_after=[last])
        return state["step"]
    return run, 9, export


measure.main(setup)
