"""DSPy. No W2 and no W3: it has no checkpointer, and is traced by way of MLflow.

W1: `default` is a module of nine modules that call no model, `predict` is nine dspy.Predict on a model that answers at once.
"""
import asyncio
import os
import tempfile

os.environ.setdefault("DSPY_CACHEDIR", os.path.join(tempfile.gettempdir(), "peers-dspy-cache"))

import measure
import dspy



class Phase(dspy.Module):
    def __init__(self, llm=False):
        super().__init__()
        self.llm = llm

    async def aforward(self, state):
        if self.llm:
            await asyncio.sleep(measure.LLM_SLEEP)
        return {**state, "step": state["step"] + 1}


class Program(dspy.Module):
    def __init__(self, llm=False):
        super().__init__()
        self.phases = [Phase(llm and n in measure.LLM_PHASES) for n in measure.PHASES]

    async def aforward(self, state):
        for p in self.phases:
            state = await p.acall(state=state)
        return state


class Agent(dspy.Module):
    async def aforward(self, query):
        await asyncio.sleep(measure.FANOUT_SLEEP)
        return query


def predict_run():
    from types import SimpleNamespace as N

    class Canned(dspy.BaseLM):
        def __init__(self):
            super().__init__(model="mock", cache=False)

        def forward(self, prompt=None, messages=None, **_):
            text = "[[ ## answer ## ]]\nok\n\n[[ ## completed ## ]]"
            message = N(content=text, tool_calls=None, reasoning_content=None)
            return N(choices=[N(message=message, finish_reason="stop")], usage={}, model="mock")

        async def aforward(self, prompt=None, messages=None, **more):
            return self.forward(prompt, messages, **more)

    dspy.configure(lm=Canned(), disable_history=True)
    predicts = [dspy.Predict("question, context -> answer") for _ in measure.PHASES]

    async def run(_):
        state = measure.fresh_state()
        for predict in predicts:
            await predict.acall(question=state["query"], context="\n".join(state["chunks"]))
            state["step"] += 1
        return state["step"]
    return run


async def setup(workload, variant):
    if workload == "w4":
        agents = [Agent() for _ in range(measure.FANOUT)]

        async def fan(_):
            return len(await asyncio.gather(*(agent.acall(query=measure.QUERY) for agent in agents)))
        return fan, measure.FANOUT, None
    if workload not in ("w1", "w5"):
        measure.refuse(f"dspy/{workload}")
    if variant == "predict":
        return predict_run(), 9, None
    program = Program(llm=workload == "w5")

    async def run(_):
        return (await program.acall(state=measure.fresh_state()))["step"]
    return run, 9, None


measure.main(setup)
