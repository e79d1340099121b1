"""Who is measured on what: a row is a contestant, a workload and the way of doing it."""
import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Where cargo puts the contestants written in Rust.
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", HERE / "rust/target")) / "release"
WORKLOADS = ("w1", "w2", "w3", "w4", "w5", "w6", "leak")
OURS = "ninefold"

# Contestants in Rust, with their programs.
RUST = {"floor": "floor", "ninefold": "ninefold-peer", "graphflow": "graphflow", "swiftide": "swiftidebench",
        "autoagents": "autoagentsbench", "rig": "rigbench"}
# Those in Python, each with an environment and a file of requirements of that name.
PYTHON = ("asyncio", "dspy", "burr", "haystack", "langgraph", "pydantic", "llamaindex", "dbos")
# The packages whose versions are told.
PACKAGES = {"graphflow": ["graph-flow"], "swiftide": ["swiftide-query"], "autoagents": ["autoagents"],
            "rig": ["rig-core", "rig-agent"], "floor": ["tokio", "rusqlite", "opentelemetry_sdk", "tracing"],
            "asyncio": ["opentelemetry-sdk"], "dspy": ["dspy"], "burr": ["apache-burr"], "haystack": ["haystack-ai"],
            "langgraph": ["langgraph", "langgraph-checkpoint-sqlite", "openinference-instrumentation-langchain"],
            "pydantic": ["pydantic-graph", "pydantic-ai-slim", "logfire"],
            "llamaindex": ["llama-index-workflows", "llama-index-observability-otel"], "dbos": ["dbos"]}

# Contestant: workload: variants. `default` where it is left out.
VARIANTS = {
    "floor": {"w2": ["full", "normal"], "w3": ["default", "off", "otel"], "leak": ["default", "otel"]},
    "ninefold": {"w2": ["full", "normal"], "w3": ["default", "tree", "layer", "otel", "otel-profile"],
                 "w4": ["default", "profile"], "w5": ["default", "profile"], "w6": ["default", "profile"],
                 "leak": ["default", "profile", "otel"]},
    "graphflow": {"w1": ["default", "direct"], "w2": ["full", "normal"], "w3": ["default", "otel"],
                  "leak": ["default", "otel"]},
    "swiftide": {"w2": [], "w3": ["default", "otel"], "w4": [], "leak": ["default", "otel"]},
    "autoagents": {"w2": [], "w3": ["default", "otel"], "leak": ["default", "otel"]},
    "rig": {"w2": [], "w3": ["default", "otel"], "leak": ["default", "otel"]},
    "asyncio": {"w2": ["full", "normal"], "leak": ["default", "otel"]},
    "dspy": {"w1": ["default", "predict"], "w2": [], "w3": []},
    "burr": {"leak": ["default", "otel"]},
    "haystack": {"w1": ["default", "sync"], "w2": [], "w4": ["default", "limit4"], "leak": ["default", "otel"]},
    "langgraph": {"w2": ["default", "sync", "exit"], "w3": ["default", "manual"], "leak": ["default", "otel"]},
    "pydantic": {"w1": ["default", "agent"], "w2": [], "w3": ["default", "agent"], "leak": ["default", "otel"]},
    "llamaindex": {"w2": [], "w3": ["default", "manual"], "leak": ["default", "otel"]},
    "dbos": {"w1": [], "w3": [], "w4": [], "w5": [], "w6": [], "leak": []},
}
# What takes minutes is not measured by --quick: the frameworks in Python with 5,000 conversations, and DBOS on a disk.
SLOW = [(peer, "w5", "@5000") for peer in PYTHON if peer != "asyncio"] + [("dbos", "w2", "")]


@dataclass(frozen=True)
class Row:
    peer: str
    workload: str
    variant: str
    place: str  # "", "@tmpfs" or "@5000"

    @property
    def key(self) -> str:
        return f"{self.workload}/{self.variant}{self.place}"

    @property
    def slow(self) -> bool:
        return (self.peer, self.workload, self.place) in SLOW or self.workload == "leak"

    def command(self, seconds: float, folder: str, leak_runs: tuple) -> list:
        if self.peer in RUST:
            # W1 and W3 on one thread, as Python has it.
            threads = "1" if self.workload in ("w1", "w3", "leak") else "2"
            command = [str(RELEASE / RUST[self.peer]), self.workload, "--threads", threads]
        else:
            python = HERE / ".venvs" / self.peer / "bin/python"
            command = [str(python), str(HERE / f"py/peer_{self.peer}.py"), self.workload]
        width = "5000" if self.place == "@5000" else "200"
        runs = leak_runs[0] if self.variant == "default" else leak_runs[1]
        return [*command, "--variant", self.variant, "--seconds", str(seconds), "--width", width, "--folder", folder,
                "--runs", str(runs)]


def rows(only: set, workloads: set) -> list:
    """Those of one workload stand together, so that what is compared is measured at one time."""
    chosen = []
    for workload in WORKLOADS:
        if workload not in workloads:
            continue
        places = {"w2": ["", "@tmpfs"], "w5": ["", "@5000"]}.get(workload, [""])
        for place in places:
            for peer, variants in VARIANTS.items():
                if not only or peer in only:
                    chosen += [Row(peer, workload, variant, place) for variant in variants.get(workload, ["default"])]
    return chosen
