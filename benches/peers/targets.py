"""What Ninefold is to reach: bounds in absolute figures, and in ratios to peers measured in the same round."""
from dataclasses import dataclass

from figures import Measurements, fraction, short
from rows import OURS


@dataclass(frozen=True)
class Target:
    what: str
    row: str
    figure: str
    bound: float
    over: tuple = ()  # the contestant and its row that the bound is a multiple of
    least: bool = False  # whether the bound is to be reached from above

    def judge(self, measured: Measurements) -> dict:
        ours = (OURS, self.row)
        value = measured.ratio(ours, self.over, self.figure) if self.over else measured.figure(ours, self.figure)
        name = f"{self.figure}, over {self.over[0]} {self.over[1]}" if self.over else self.figure
        said = {"what": self.what, "row": self.row, "figure": name,
                "bound": ("≥ " if self.least else "≤ ") + (fraction if self.over else short)(self.bound)}
        if value is None:
            return {**said, "measured": None, "verdict": "not measured"}
        met = value.median >= self.bound if self.least else value.median <= self.bound
        miss = 1 - value.median / self.bound if self.least else value.median / self.bound - 1
        return {**said, "measured": value, "verdict": "met" if met else f"missed by {miss:.1%}"}


W5 = "w5/profile"
TARGETS = [
    Target("nine phases, profile off", "w1/default", "p50 µs", 1.2),
    Target("nine phases, profile off", "w1/default", "p50 µs", 0.5, ("graphflow", "w1/default")),
    Target("full profile recorded", "w3/default", "p50 µs", 4.5),
    Target("full profile, its tree made", "w3/tree", "p50 µs", 4.5),
    Target("full profile against plain spans", "w3/default", "p50 µs", 0.9, ("graphflow", "w3/default")),
    Target("full profile against its tracing", "w3/default", "p50 µs", 1 / 300, ("langgraph", "w3/default")),
    Target("full profile against spans by hand", "w3/default", "p50 µs", 1 / 300, ("langgraph", "w3/manual")),
    Target("exported over OTLP", "w3/otel", "p50 µs", 10),
    Target("saved after each phase, NORMAL, tmpfs", "w2/normal@tmpfs", "p50 µs", 150),
    Target("saved after each phase, FULL, tmpfs", "w2/full@tmpfs", "p50 µs", 150),
    Target("64 at once, NORMAL, tmpfs", "w2/normal@tmpfs", "64 at once, runs/s", 15_000, least=True),
    Target("64 at once, FULL, tmpfs", "w2/full@tmpfs", "64 at once, runs/s", 15_000, least=True),
    Target("five agents joined", "w4/default", "above 20 ms, µs", 1_300),
    Target("five agents joined", "w4/default", "CPU µs", 160),
    Target("200 conversations, profile on", W5, "conversations/s", 1_270, least=True),
    Target("200 conversations, profile on", W5, "MiB", 10),
    Target("5,000 conversations, profile on", W5 + "@5000", "conversations/s", 30_000, least=True),
    Target("5,000 conversations, profile on", W5 + "@5000", "p99 ms", 170),
    Target("5,000 conversations, profile on", W5 + "@5000", "MiB", 40),
    Target("start to end, profile on", "w6/profile", "ms", 3),
    Target("start to end, profile on", "w6/profile", "MiB", 5),
]


def spans_target(row: str, spans: dict) -> dict:
    """All delivered, or every one that is not told of."""
    silent = spans["made"] - spans["delivered"] - (spans["told"] or 0)
    verdict = "met" if spans["made"] == spans["delivered"] else f"{spans['made'] - spans['delivered']:,} lost"
    if spans["made"] != spans["delivered"]:
        verdict += ", each counted" if silent == 0 else f", {silent:,} of them silently"
    measured = f"{spans['delivered']:,} of {spans['made']:,}"
    return {"what": "spans delivered", "row": row, "figure": "spans", "bound": "all", "measured": measured, "verdict": verdict}


def judged(measured: Measurements) -> list:
    spans = [spans_target(row, sums) for (peer, row), sums in measured.spans().items() if peer == OURS]
    return [target.judge(measured) for target in TARGETS] + spans
