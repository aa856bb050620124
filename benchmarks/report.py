"""The result of one case: a table with its goals and notes, on the terminal, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.measure import Cost


@dataclass(frozen=True, slots=True)
class Goal:
    """What was promised: a value that must stay below a limit."""

    what: str
    value: float
    limit: float

    @property
    def met(self) -> bool:
        """True if the promise holds in this run."""
        return self.value <= self.limit

    def __str__(self) -> str:
        """One line."""
        return f"{self.what}: {self.value:.3g}, goal at most {self.limit:.3g}: {'met' if self.met else 'MISSED'}"


@dataclass(slots=True)
class Report:
    """One table. `samples` holds every single measurement behind it, for the JSON file."""

    case: str
    question: str
    workload: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    samples: dict[str, object] = field(default_factory=dict)

    def sample(self, name: str, costs: Mapping[str, Sequence[Cost]]) -> None:
        """Keep all rounds of all contenders."""
        self.samples[name] = {who: [asdict(cost) for cost in those] for who, those in costs.items()}


def terminal(report: Report) -> str:
    """Aligned columns."""
    lines = [report.columns, *report.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(report.columns))]
    table = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    table.insert(1, "  ".join("-" * width for width in widths))
    heading = [f"{report.case}: {report.question}", f"({report.workload})", ""]
    return "\n".join([*heading, *table, "", *map(str, report.goals), *(f"note: {note}" for note in report.notes)])


def markdown(report: Report, facts: Mapping[str, str], date: str) -> str:
    """A page by itself."""
    rule = ["---", *("---:" for _ in report.columns[1:])]
    table = [f"| {' | '.join(line)} |" for line in (report.columns, rule, *report.rows)]
    blocks = [
        f"# {report.case}, {date}",
        report.question,
        f"Workload: {report.workload}.",
        "\n".join(table),
        "\n".join(f"- {goal}" for goal in report.goals),
        "\n".join(f"- {note}" for note in report.notes),
        "\n".join(f"- {name}: {fact}" for name, fact in facts.items()),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def write(report: Report, facts: Mapping[str, str], date: str, folder: Path) -> tuple[Path, Path]:
    """Write both files; those of an earlier run of the same day are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    page, data = folder / f"{date}-{report.case}.md", folder / f"{date}-{report.case}.json"
    page.write_text(markdown(report, facts, date), "utf-8")
    goals = [{**asdict(goal), "met": goal.met} for goal in report.goals]
    everything = {"date": date, "machine": dict(facts), **asdict(report), "goals": goals}
    data.write_text(json.dumps(everything, indent=1) + "\n", "utf-8")
    return page, data


def size(size_bytes: float) -> str:
    """Megabytes of 10^6 bytes, as restic and borg print them."""
    return f"{size_bytes / 1e6:,.2f} MB" if size_bytes >= 1e5 else f"{size_bytes / 1e3:,.1f} kB"


def ratio(value: float, reference: float | None) -> str:
    """`value` as a multiple of the reference; a dash where there is none."""
    return f"{value / reference:.2f} x" if reference else "-"


def seconds(value: float) -> str:
    """Milliseconds when short."""
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def mebibytes(size_bytes: int) -> str:
    """Memory."""
    return f"{size_bytes / 2**20:,.0f} MiB" if size_bytes else "-"
