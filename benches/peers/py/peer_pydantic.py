"""pydantic-graph and pydantic-ai. No W2: pydantic-graph 2 keeps no state (Temporal, DBOS or Prefect do it around an agent).

W1, W3: `default` is a graph of nine steps, `agent` is nine agents one after another on a FunctionModel. W1 leaves `auto_instrument`
on and logfire not configured, as they are after the installation. W3: their own spans by logfire, which sends nothing.
"""
import asyncio
from dataclasses import dataclass

import measure
from pydantic_graph import GraphBuilder, StepContext, reduce_list_append



@dataclass
class State:
    query: str
    chunks: list[str]
    step: int = 0


def new_state() -> State:
    s = measure.fresh_state()
    return State(s["query"], s["chunks"])


def linear(llm=False):
    g = GraphBuilder(name="bench", state_type=State, input_type=str, output_type=int)
    prev = g.start_node
    for name in measure.PHASES:
        async def phase(ctx: StepContext[State, None, object], _llm=llm and name in measure.LLM_PHASES) -> int:
            if _llm:
                await asyncio.sleep(measure.LLM_SLEEP)
            ctx.state.step += 1
            return ctx.state.step
        step = g.step(phase, node_id=name)
        g.add(g.edge_from(prev).to(step))
        prev = step
    g.add(g.edge_from(prev).to(g.end_node))
    return g.build()


def fanout():
    g = GraphBuilder(name="fan", state_type=State, input_type=str, output_type=list)

    async def plan(ctx: StepContext[State, None, str]) -> str:
        return ctx.inputs
    plan_step = g.step(plan, node_id="plan")
    agents = []
    for k in range(measure.FANOUT):
        async def agent(ctx: StepContext[State, None, str], _k=k) -> str:
            await asyncio.sleep(measure.FANOUT_SLEEP)
            return f"agent{_k}"
        agents.append(g.step(agent, node_id=f"agent{k}"))
    join = g.join(reduce_list_append, initial_factory=list)
    g.add(g.edge_from(g.start_node).to(plan_step), g.edge_from(plan_step).to(*agents),
          g.edge_from(*agents).to(join), g.edge_from(join).to(g.end_node))
    return g.build()


def agents_run():
    from pydantic_ai import Agent
    from pydantic_ai.messages import ModelResponse, TextPart
    from pydantic_ai.models.function import FunctionModel

    async def reply(messages, info):
        return ModelResponse(parts=[TextPart("ok")])
    agents = [Agent(FunctionModel(reply), instructions=f"phase {n}") for n in measure.PHASES]

    async def run(i):
        s = new_state()
        for a in agents:
            await a.run(s.query)
            s.step += 1
        return s.step
    return run


def observed(variant):
    import logfire

    export = measure.Export()
    logfire.configure(send_to_logfire=False, console=False, metrics=False, inspect_arguments=False,
                      additional_span_processors=[export.processor])
    if variant == "agent":
        logfire.instrument_pydantic_ai()
    export.flush = logfire.force_flush
    return export


async def setup(workload, variant):
    if workload == "w2":
        measure.refuse("pydantic/w2")
    export = observed(variant) if workload == "w3" else None
    if workload == "w4":
        fan = fanout()

        async def agents(_):
            return len(await fan.run(state=new_state(), inputs=measure.QUERY))
        return agents, measure.FANOUT, None
    if variant == "agent":
        return agents_run(), 9, export
    graph = linear(llm=workload == "w5")

    async def run(_):
        return await graph.run(state=new_state(), inputs=measure.QUERY)
    return run, 9, export


measure.main(setup)
