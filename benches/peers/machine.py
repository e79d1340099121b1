"""The machine, the versions, and how busy others keep the processors."""
import os
import platform
import re
import resource
import subprocess
import time
from pathlib import Path

from rows import HERE, PACKAGES, PYTHON, RUST


def first_line(*command: str, otherwise: str = "unknown") -> str:
    try:
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
    except FileNotFoundError:
        return otherwise
    return (done.stdout.strip().splitlines() or [otherwise])[0]


def pinned(peer: str) -> dict:
    if peer in PYTHON:
        lines = (HERE / f"requirements/{peer}.txt").read_text().splitlines()
        versions = dict(line.split("==") for line in lines if "==" in line)
    else:
        lock = (HERE / "rust/Cargo.lock").read_text()
        versions = dict(re.findall(r'name = "(.+)"\nversion = "(.+)"', lock))
    return {package: versions[package] for package in PACKAGES[peer]}


def fdatasync_us(folder: Path) -> float:
    """What the disk takes for 4 KiB, median of 200."""
    took = []
    with open(folder / "fdatasync", "wb", buffering=0) as file:
        for number in range(200):
            start = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * 4096, number * 4096)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - start) * 1e6)
    os.unlink(file.name)
    return sorted(took)[len(took) // 2]


def describe(scratch: Path) -> dict:
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    commit = first_line("git", "rev-parse", "--short", "HEAD")
    changed = first_line("git", "status", "--porcelain", "--untracked-files=no", otherwise="")
    return {"machine": cpu[1] if cpu else "unknown", "cores": os.cpu_count(), "system": platform.platform(),
            "rustc": first_line("rustc", "--version"),
            "python": first_line(str(HERE / ".venvs/asyncio/bin/python"), "--version"),
            "commit": commit + (" with changes" if changed else ""), "fdatasync_us": round(fdatasync_us(scratch), 1),
            "versions": {peer: pinned(peer) for peer in [*RUST, *PYTHON] if peer in PACKAGES}}


class Load:
    """The share of the processors that others use, from when it is made until `foreign` is asked for."""

    def __init__(self):
        self.start = time.perf_counter()
        self.busy, self.own = self.busy_seconds(), self.own_seconds()

    @staticmethod
    def busy_seconds() -> float:
        ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")  # neither idle nor waiting for disks

    @staticmethod
    def own_seconds() -> float:
        spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(usage.ru_utime + usage.ru_stime for usage in spent)

    def foreign(self) -> float:
        others = (self.busy_seconds() - self.busy) - (self.own_seconds() - self.own)
        return max(0.0, others / ((time.perf_counter() - self.start) * os.cpu_count()))
