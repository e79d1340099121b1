"""What the contestants written in Python share with each other and, rule by rule, with the crate `measure`: the state, what a run
is, the windows in which runs are timed, and what is told of a process.

Every contestant gives `main` an async function `setup(workload, variant)`, which returns `(run, steps, export)`: `run(number)` is one
run and returns how many steps it took, `export` is an `Export` or None. A contestant that lacks a workload calls `refuse`.

Called as: contestant.py WORKLOAD [--variant V] [--seconds S] [--runs N] [--width N] [--folder DIR]; prints one JSON object.
"""
import argparse
import asyncio
import gc
import itertools
import json
import math
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

PHASES = ["normalize", "scope", "assess", "retrieve", "decompose", "verify", "route", "synthesize", "record"]
LLM_PHASES = {"assess", "verify", "synthesize"}  # those of W5 that wait for a model
QUERY = "why did the nightly index rebuild slow down after the schema change?"
CHUNKS = [f"chunk {i}: " + "lorem ipsum dolor sit amet consectetur " * 3 for i in range(5)]
FANOUT = 5
FANOUT_SLEEP = 0.020
LLM_SLEEP = 0.050
AT_ONCE = 64
FEWEST = 50  # runs of a window, however long they take

_arguments = None


def fresh_state() -> dict:
    """What every run starts from: 754 bytes as `json.dumps` writes it, 745 without blanks."""
    return {"query": QUERY, "chunks": list(CHUNKS), "step": 0}


def folder() -> str:
    """Where databases are written: a folder of this process's own."""
    return _arguments.folder


def refuse(what: str):
    print(f"there is no {what}", file=sys.stderr)
    os._exit(2)


class Export:
    """OpenTelemetry's SDK with its defaults: a batch processor in front of an exporter that only counts."""

    def __init__(self):
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

        class Counting(SpanExporter):
            spans = 0

            def export(self, spans):
                Counting.spans += len(spans)
                return SpanExportResult.SUCCESS

        self.exporter = Counting()
        self.processor = BatchSpanProcessor(self.exporter)
        self.flush = self.processor.force_flush

    def provider(self):
        from opentelemetry.sdk.trace import TracerProvider

        provider = TracerProvider()
        provider.add_span_processor(self.processor)
        return provider

    def tracer(self):
        return self.provider().get_tracer("bench")

    def delivered(self) -> int:
        self.flush()
        return self.exporter.spans


def status_kib(field: str) -> int:
    # VmHWM and not ru_maxrss, which survives `exec` and shows the parent's.
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(field))


def window(nanos: list, wall: float, cpu: float) -> dict:
    nanos.sort()
    runs = len(nanos)

    def percentile(part):  # by nearest rank, in microseconds
        return nanos[max(0, math.ceil(part * runs) - 1)] / 1e3

    return {"runs": runs, "p50_us": percentile(0.50), "p95_us": percentile(0.95), "p99_us": percentile(0.99),
            "cpu_us_per_run": cpu / runs * 1e6, "runs_per_s": runs / wall, "wall_s": wall}


async def serial(run, seconds: float, warm_up: int, steps: int) -> dict:
    for number in range(warm_up):
        assert await run(number) == steps, "a phase was left out"
    gc.collect()
    nanos, clock = [], time.perf_counter_ns
    cpu, start = time.process_time(), time.perf_counter()
    number = warm_up
    while len(nanos) < FEWEST or time.perf_counter() - start < seconds:
        begun = clock()
        done = await run(number)
        nanos.append(clock() - begun)
        assert done == steps, "a phase was left out"
        number += 1
    return window(nanos, time.perf_counter() - start, time.process_time() - cpu)


async def concurrent(run, width: int, seconds: float, steps: int) -> dict:
    """As many tasks as `width` says, each of which starts its next run when the last one has ended."""
    gc.collect()
    nanos, clock = [], time.perf_counter_ns
    numbers = itertools.count(10**9)  # other numbers than those before: databases go by them
    cpu, start = time.process_time(), time.perf_counter()

    async def worker():
        own = 0
        while not own or time.perf_counter() - start < seconds:
            begun = clock()
            assert await run(next(numbers)) == steps, "a phase was left out"
            nanos.append(clock() - begun)
            own += 1

    await asyncio.gather(*(worker() for _ in range(width)))
    return window(nanos, time.perf_counter() - start, time.process_time() - cpu)


async def leak(run, total: int) -> dict:
    """Resident memory, KiB, after so many runs."""
    marks, resident = {1, 1000, 10_000, total // 2, total}, {}
    for number in range(1, total + 1):
        await run(number)
        if number in marks:
            gc.collect()
            resident[str(number)] = status_kib("VmRSS")
    return resident


async def drive(setup) -> dict:
    arguments, workload = _arguments, _arguments.workload
    work, variant = workload, arguments.variant
    if workload in ("w6", "leak"):
        work, variant = ("w3", "default") if variant == "otel" else ("w1", variant)
    run, steps, export = await setup(work, variant)
    out, runs = {}, 0
    if export:
        # How many spans a run makes is seen in the second one: the first may have had something to set up.
        seen = []
        for runs in (1, 2):
            assert await run(2 * 10**9 + runs) == steps, "a phase was left out"
            seen.append(export.delivered())
        first, each = seen[0], seen[1] - seen[0]
    if workload in ("w1", "w2", "w3", "w4"):
        warm_up = 5 if workload == "w4" else 50
        out["serial"] = await serial(run, arguments.seconds, warm_up, steps)
        runs += warm_up + out["serial"]["runs"]
        if workload != "w4":
            out["concurrent64"] = await concurrent(run, AT_ONCE, arguments.seconds, steps)
            runs += out["concurrent64"]["runs"]
    elif workload == "w5":
        out["sustained"] = await concurrent(run, arguments.width, arguments.seconds, steps)
    elif workload == "w6":
        assert await run(0) == steps
        out["resident_first_run_kib"] = status_kib("VmRSS")
    elif workload == "leak":
        out["resident_kib_after_runs"] = await leak(run, arguments.runs)
        runs += arguments.runs
    out["peak_kib"] = status_kib("VmHWM")
    if export:
        made = first + each * (runs - 1)
        out["spans"] = {"each": each, "made": made, "delivered": export.delivered(), "told": None}
    if workload == "w2" and (files := list(Path(folder()).iterdir())):
        out["database_bytes_per_run"] = sum(file.stat().st_size for file in files) / runs
    return out


def arguments():
    global _arguments
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=["w1", "w2", "w3", "w4", "w5", "w6", "leak"])
    parser.add_argument("--variant", default="default")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--runs", type=int, default=100_000, help="how many runs `leak` makes")
    parser.add_argument("--width", type=int, default=200, help="conversations at once in W5")
    parser.add_argument("--folder", help="where databases are written; otherwise a temporary folder")
    _arguments = parser.parse_args()
    _arguments.folder = _arguments.folder or tempfile.mkdtemp(prefix="peers")
    return _arguments


def main(setup) -> None:
    try:
        print(json.dumps(asyncio.run(drive(setup))), flush=True)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)  # ending the interpreter and its exporters is part of no workload


arguments()
