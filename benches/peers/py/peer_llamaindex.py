"""LlamaIndex Workflows. No W2: the core serialises a context, and saves no steps.

W3: `default` is llama-index-observability-otel, its own instrumentation; `manual` is a span that every step opens.
"""
import asyncio

import measure
from workflows import Context, Workflow, step
from workflows.events import Event, StartEvent, StopEvent



class E1(Event): state: dict
class E2(Event): state: dict
class E3(Event): state: dict
class E4(Event): state: dict
class E5(Event): state: dict
class E6(Event): state: dict
class E7(Event): state: dict
class E8(Event): state: dict


def bump(s): return {**s, "step": s["step"] + 1}


class Linear(Workflow):
    llm = False
    tracer = None

    async def _work(self, name, s):
        if self.llm and name in measure.LLM_PHASES:
            await asyncio.sleep(measure.LLM_SLEEP)
        if self.tracer is not None:
            with self.tracer.start_as_current_span(name):
                return bump(s)
        return bump(s)

    @step
    async def p1(self, ev: StartEvent) -> E1: return E1(state=await self._work(measure.PHASES[0], ev.state))
    @step
    async def p2(self, ev: E1) -> E2: return E2(state=await self._work(measure.PHASES[1], ev.state))
    @step
    async def p3(self, ev: E2) -> E3: return E3(state=await self._work(measure.PHASES[2], ev.state))
    @step
    async def p4(self, ev: E3) -> E4: return E4(state=await self._work(measure.PHASES[3], ev.state))
    @step
    async def p5(self, ev: E4) -> E5: return E5(state=await self._work(measure.PHASES[4], ev.state))
    @step
    async def p6(self, ev: E5) -> E6: return E6(state=await self._work(measure.PHASES[5], ev.state))
    @step
    async def p7(self, ev: E6) -> E7: return E7(state=await self._work(measure.PHASES[6], ev.state))
    @step
    async def p8(self, ev: E7) -> E8: return E8(state=await self._work(measure.PHASES[7], ev.state))
    @step
    async def p9(self, ev: E8) -> StopEvent: return StopEvent(result=(await self._work(measure.PHASES[8], ev.state))["step"])


class Ask(Event): k: int
class Answer(Event): k: int


class Fan(Workflow):
    @step
    async def plan(self, ctx: Context, ev: StartEvent) -> Ask | None:
        for k in range(measure.FANOUT):
            ctx.send_event(Ask(k=k))

    @step(num_workers=measure.FANOUT)
    async def agent(self, ev: Ask) -> Answer:
        await asyncio.sleep(measure.FANOUT_SLEEP)
        return Answer(k=ev.k)

    @step
    async def join(self, ctx: Context, ev: Answer) -> StopEvent | None:
        got = ctx.collect_events(ev, [Answer] * measure.FANOUT)
        return StopEvent(result=len(got)) if got else None


def instrumented():
    from llama_index.observability.otel import LlamaIndexOpenTelemetry
    from opentelemetry import trace

    export = measure.Export()
    LlamaIndexOpenTelemetry(span_exporter=export.exporter, span_processor="batch").start_registering()
    export.flush = trace.get_tracer_provider().force_flush
    return export


async def setup(workload, variant):
    if workload == "w2":
        measure.refuse("llamaindex/w2")
    if workload == "w4":
        fan = Fan(timeout=None)

        async def agents(_):
            return await fan.run()
        return agents, measure.FANOUT, None
    workflow, export = Linear(timeout=None), None
    workflow.llm = workload == "w5"
    if workload == "w3" and variant == "manual":
        export = measure.Export()
        workflow.tracer = export.tracer()
    elif workload == "w3":
        export = instrumented()

    async def run(_):
        return await workflow.run(state=measure.fresh_state())
    return run, 9, export


measure.main(setup)
