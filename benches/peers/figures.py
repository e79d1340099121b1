"""What is read out of measurements: figures by rows and rounds, medians with their intervals, ratios round by round."""
import json
import statistics
from collections import defaultdict
from math import comb

from rows import WORKLOADS


def at(*path: str, per: float = 1, less: float = 0):
    """Reads a figure of a measurement: what stands at `path`, divided by `per`, less `less`."""
    def read(measured: dict):
        for name in path:
            measured = measured.get(name) if isinstance(measured, dict) else None
        return None if measured is None else measured / per - less
    return read


SERIAL = {"p50 µs": at("serial", "p50_us"), "p99 µs": at("serial", "p99_us"), "CPU µs": at("serial", "cpu_us_per_run"),
          "64 at once, runs/s": at("concurrent64", "runs_per_s")}
# Workload: name of the figure: where it is read.
FIGURES = {
    "w1": SERIAL,
    "w2": {**SERIAL, "disk KB a run": at("database_bytes_per_run", per=1000)},
    "w3": SERIAL,
    "w4": {"above 20 ms, µs": at("serial", "p50_us", less=20_000), "CPU µs": at("serial", "cpu_us_per_run")},
    "w5": {"conversations/s": at("sustained", "runs_per_s"), "p99 ms": at("sustained", "p99_us", per=1000),
           "CPU µs": at("sustained", "cpu_us_per_run"), "MiB": at("peak_kib", per=1024)},
    "w6": {"ms": at("wall_s", per=0.001), "CPU ms": at("cpu_s", per=0.001),
           "MiB": at("resident_first_run_kib", per=1024)},
}
# More is better in these.
RATES = ("64 at once, runs/s", "conversations/s")


class Median:
    """A median with the narrowest interval of order statistics around it that holds it with at least 95 %; where there are too few
    values for that, the smallest and the largest, with what they come to."""

    def __init__(self, values, shown=None):
        self.values, self.shown = sorted(values), shown or short
        n = len(self.values)
        self.n, self.median = n, statistics.median(self.values)

        def coverage(k):  # from the k-th smallest to the k-th largest
            return 1 - 2 * sum(comb(n, i) for i in range(k)) / 2 ** n
        k = max((k for k in range(1, n // 2 + 1) if coverage(k) >= 0.95), default=1)
        self.low, self.high, self.coverage = self.values[k - 1], self.values[-k], max(0.0, coverage(k))

    def json(self) -> dict:
        return {"median": self.median, "low": self.low, "high": self.high, "coverage": self.coverage, "n": self.n}

    def __str__(self) -> str:
        interval = f" ({self.shown(self.low)}–{self.shown(self.high)})" if self.n > 1 else ""
        return self.shown(self.median) + interval


def short(value: float) -> str:
    """Three figures, and thousands apart."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def fraction(value: float) -> str:
    """A ratio; a small one as a part of one."""
    return f"1/{short(1 / value)}" if 0 < value < 0.1 else short(value)


class Measurements:
    def __init__(self, files: list, most_foreign: float):
        self.about, self.failed, self.foreign = [], [], []
        # (contestant, row): round: measurement
        self.quiet = defaultdict(dict)
        for name in files:
            with open(name) as lines:
                for line in map(json.loads, lines):
                    if "about" in line:
                        self.about.append(line["about"])
                    elif "error" in line:
                        self.failed.append(line)
                    elif line["foreign"] > most_foreign:
                        self.foreign.append(line)
                    else:
                        self.quiet[line["peer"], line["row"]][name, line["session"], line["round"]] = line

    def keys(self, workload: str) -> list:
        return [key for key in self.quiet if key[1].split("/")[0] == workload]

    def workloads(self) -> list:
        return [workload for workload in WORKLOADS if self.keys(workload)]

    def figure(self, key: tuple, name: str):
        """A figure's median, or None where it was not measured in quiet."""
        read = FIGURES[key[1].split("/")[0]][name]
        values = [value for measured in self.quiet.get(key, {}).values() if (value := read(measured)) is not None]
        return Median(values) if values else None

    def ratio(self, ours: tuple, theirs: tuple, name: str):
        """Ours over theirs, round by round; None where no round has both."""
        read = FIGURES[ours[1].split("/")[0]][name]
        mine, other = self.quiet.get(ours, {}), self.quiet.get(theirs, {})
        pairs = [(read(mine[turn]), read(other[turn])) for turn in mine if turn in other]
        values = [a / b for a, b in pairs if a is not None and b]
        return Median(values, fraction) if values else None

    def spans(self) -> dict:
        """What became of all spans of every row that exports, its windows and its warm-up together."""
        total = {}
        for key, turns in self.quiet.items():
            for spans in (measured["spans"] for measured in turns.values() if "spans" in measured):
                sums = total.setdefault(key, {"made": 0, "delivered": 0, "told": None, "each": spans["each"]})
                sums["made"] += spans["made"]
                sums["delivered"] += spans["delivered"]
                if spans["told"] is not None:
                    sums["told"] = (sums["told"] or 0) + spans["told"]
        return total

    def leaks(self) -> dict:
        """Resident memory after so many runs, MiB; of the last measurement."""
        return {key: {runs: kib / 1024 for runs, kib in sorted(list(turns.values())[-1]["resident_kib_after_runs"].items(),
                                                               key=lambda mark: int(mark[0]))}
                for key, turns in self.quiet.items() if key[1].startswith("leak/")}
