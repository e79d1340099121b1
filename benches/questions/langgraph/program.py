"""The questions, answered with LangGraph: a graph with a router, an orchestrator that plans, an evaluator of the plan, workers
by Send, and a synthesizer, as in its page "Workflows and agents"; nodes have a retry policy, the model its own retries."""

import json
import operator
import os
import sys
from pathlib import Path
from typing import Annotated, Literal, TypedDict

from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph
from langgraph.types import RetryPolicy, Send
from pydantic import BaseModel

ROUTE = """You choose how a question is answered: `direct` for one fact, `plan` for what needs several parts, \
`plan and review` for where a wrong answer harms."""
PLAN = """You break a question into subgoals that are worked on in parallel. Use as few as the question needs. \
A subgoal's description must be complete: who works on it sees nothing else."""
REVIEW = """You check a plan against the question it is to answer: does it cover the whole question, is it sound? \
An issue is critical only when executing the plan would give a wrong or harmful answer."""
PART = """You work on one part of a larger question. Answer that part alone, briefly, from the numbered documents, \
and put their numbers behind what you say, like [2]."""
ANSWER = """You answer a question from numbered documents and from what was found on its parts. Put the numbers of \
the documents behind what you say, like [2]. Say what they leave open."""

files = sorted(Path(os.environ["DOCUMENTS"]).glob("*.md"))
DOCUMENTS = "\n\n".join(f"[{n}] {file.name}\n{file.read_text()}" for n, file in enumerate(files, 1))


class Choice(BaseModel):
    route: Literal["direct", "plan", "plan and review"]


class Subgoal(BaseModel):
    id: str
    description: str


class Plan(BaseModel):
    subgoals: list[Subgoal]


class Issue(BaseModel):
    critical: bool
    message: str


class Review(BaseModel):
    issues: list[Issue]


class State(TypedDict):
    question: str
    route: str
    plan: Plan
    reviews: int
    objections: list[str]
    findings: Annotated[list[str], operator.add]
    answer: str


class Part(TypedDict):
    subgoal: Subgoal


model = ChatOpenAI(model=os.environ["MODEL"])


def ask(system, user):
    return model.invoke([SystemMessage(system), HumanMessage(user)]).content


def ask_typed(form, system, user):
    return model.with_structured_output(form).invoke([SystemMessage(system), HumanMessage(user)])


def router(state: State):
    route = state.get("route") or ask_typed(Choice, ROUTE, state["question"]).route
    return {"route": route, "reviews": 0, "objections": []}


def orchestrator(state: State):
    wrong = "\n".join(state["objections"])
    wanted = f"{state['question']}\n\nWhat was wrong with the plan before:\n{wrong}" if wrong else state["question"]
    return {"plan": ask_typed(Plan, PLAN, wanted)}


def evaluator(state: State):
    parts = "\n".join(f"- {part.id}: {part.description}" for part in state["plan"].subgoals)
    review = ask_typed(Review, REVIEW, f"Question:\n{state['question']}\n\nPlan:\n{parts}")
    critical = [issue.message for issue in review.issues if issue.critical]
    if critical and state["reviews"] == 1:
        raise ValueError("no plan passed the review")
    return {"objections": critical, "reviews": state["reviews"] + 1}


def worker(state: Part):
    subgoal = state["subgoal"]
    found = ask(f"{PART}\n\n{DOCUMENTS}", f"The part to answer:\n{subgoal.description}")
    return {"findings": [f"- {subgoal.id}: {found}"]}


def synthesizer(state: State):
    findings = "\n".join(state["findings"])
    wanted = f"Question:\n{state['question']}\n\nFindings:\n{findings}" if findings else state["question"]
    return {"answer": ask(f"{ANSWER}\n\n{DOCUMENTS}", wanted)}


def assign_workers(state: State):
    return [Send("worker", {"subgoal": subgoal}) for subgoal in state["plan"].subgoals]


def after_router(state: State):
    return "synthesizer" if state["route"] == "direct" else "orchestrator"


def after_orchestrator(state: State):
    return "evaluator" if state["route"] == "plan and review" else assign_workers(state)


def after_evaluator(state: State):
    return "orchestrator" if state["objections"] else assign_workers(state)


builder = StateGraph(State)
for node in (router, orchestrator, evaluator, worker, synthesizer):
    builder.add_node(node.__name__, node, retry_policy=RetryPolicy(max_attempts=3))
builder.add_edge(START, "router")
builder.add_conditional_edges("router", after_router, ["orchestrator", "synthesizer"])
builder.add_conditional_edges("orchestrator", after_orchestrator, ["evaluator", "worker"])
builder.add_conditional_edges("evaluator", after_evaluator, ["orchestrator", "worker"])
builder.add_edge("worker", "synthesizer")
builder.add_edge("synthesizer", END)
graph = builder.compile()


def answer(question, accounts):
    state = {"question": question["text"], "route": question["route"]}
    if not accounts:
        return graph.invoke(state)["answer"]
    with get_usage_metadata_callback() as usage:
        for event in graph.stream(state, stream_mode="debug"):
            shown = {"step": event["step"], "type": event["type"], "at": event["timestamp"], "node": event["payload"]["name"]}
            print(json.dumps(shown), file=sys.stderr)
            for channel, value in event["payload"].get("result", {}).items() if event["type"] == "task_result" else []:
                last = value if channel == "answer" else ""
        print(json.dumps(usage.usage_metadata), file=sys.stderr)
    return last


print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    question = json.loads(line)
    try:
        reply = {"answer": answer(question, "--accounts" in sys.argv)}
    except Exception as error:
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
