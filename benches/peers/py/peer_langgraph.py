"""LangGraph.

W2: `default` saves asynchronously (LangGraph's own default), `sync` before the next step, `exit` once a run.
W3: `default` is OpenInference's instrumentor for LangChain, `manual` a span that each node opens.
"""
import asyncio
import os
from typing import Annotated, TypedDict
import operator

os.environ.setdefault("LANGSMITH_TRACING", "false")

import measure
from langgraph.graph import END, START, StateGraph



class State(TypedDict):
    query: str
    chunks: list[str]
    step: int


class FanState(TypedDict):
    query: str
    chunks: list[str]
    answers: Annotated[list[str], operator.add]


def linear(llm: bool = False, tracer=None) -> StateGraph:
    g = StateGraph(State)
    prev = START
    for name in measure.PHASES:
        async def node(s: State, _llm=llm and name in measure.LLM_PHASES, _name=name) -> dict:
            if tracer is not None:
                with tracer.start_as_current_span(_name):
                    return {"step": s["step"] + 1}
            if _llm:
                await asyncio.sleep(measure.LLM_SLEEP)
            return {"step": s["step"] + 1}
        g.add_node(name, node)
        g.add_edge(prev, name)
        prev = name
    g.add_edge(prev, END)
    return g


def fanout() -> StateGraph:
    g = StateGraph(FanState)
    names = [f"agent{i}" for i in range(measure.FANOUT)]
    async def plan(s): return {}
    async def join(s): return {}
    g.add_node("plan", plan)
    g.add_node("join", join)
    g.add_edge(START, "plan")
    for n in names:
        async def agent(s, _n=n):
            await asyncio.sleep(measure.FANOUT_SLEEP)
            return {"answers": [_n]}
        g.add_node(n, agent)
        g.add_edge("plan", n)
    g.add_edge(names, "join")
    g.add_edge("join", END)
    return g


async def saver():
    import aiosqlite
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    saver = AsyncSqliteSaver(await aiosqlite.connect(os.path.join(measure.folder(), "checkpoints.db")))
    await saver.setup()
    return saver


async def setup(workload, variant):
    if workload == "w4":
        app = fanout().compile()

        async def fan(_):
            state = {"query": measure.QUERY, "chunks": measure.CHUNKS, "answers": []}
            return len((await app.ainvoke(state))["answers"])
        return fan, measure.FANOUT, None
    if workload == "w2":
        app = linear().compile(checkpointer=await saver())
        durability = {"default": "async", "sync": "sync", "exit": "exit"}[variant]

        async def saved(number):
            thread = {"configurable": {"thread_id": f"t{number}"}}
            return (await app.ainvoke(measure.fresh_state(), thread, durability=durability))["step"]
        return saved, 9, None
    export, tracer = None, None
    if workload == "w3":
        export = measure.Export()
        if variant == "manual":
            tracer = export.tracer()
        else:
            from openinference.instrumentation.langchain import LangChainInstrumentor
            LangChainInstrumentor().instrument(tracer_provider=export.provider())
    app = linear(llm=workload == "w5", tracer=tracer).compile()

    async def run(_):
        return (await app.ainvoke(measure.fresh_state()))["step"]
    return run, 9, export


measure.main(setup)
