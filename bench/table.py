"""The table: what was measured, beside what, and whether it meets what was asked."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """`ratio` is regapp's share of the floor's, or how many times the floor's; `at_least` says which way is good."""

    what: str
    floor: str
    ours: str
    ratio: float | None
    goal: float
    at_least: bool
    value: float

    @property
    def is_met(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def share(what: str, floor: float, ours: float, goal: float, unit: str) -> Row:
    """More is better: ours is to be at least `goal` of the floor's."""
    return Row(what, f"{floor:.0f} {unit}", f"{ours:.0f} {unit}", ours / floor, goal, True, ours / floor)


def times(what: str, floor: float, ours: float, goal: float, unit: str) -> Row:
    """Less is better: ours is to be at most `goal` times the floor's."""
    return Row(what, f"{floor:.2f} {unit}", f"{ours:.2f} {unit}", ours / floor, goal, False, ours / floor)


def bound(what: str, ours: float, goal: float, unit: str) -> Row:
    """A figure by itself that is to be at most `goal`."""
    return Row(what, "–", f"{ours:.1f} {unit}", None, goal, False, ours)


def tells(what: str, auc: float, goal: float) -> Row:
    """How well a figure tells two things apart; it is to be within `goal` of 0.5, which is not at all."""
    away = abs(auc - 0.5)
    return Row(f"{what}: AUC {auc:.3f}, from 0.5", "–", f"{away:.3f} AUC", None, goal, False, away)


def markdown(rows: list[Row]) -> str:
    cells = [("What", "floor", "regapp", "ratio", "asked", "")]
    for row in rows:
        ratio = "–" if row.ratio is None else f"{row.ratio:.2f}"
        unit = " " + row.ours.split()[1] if row.ratio is None else ""
        asked = f"{'≥' if row.at_least else '≤'} {row.goal:.3g}{unit}"
        cells.append((row.what, row.floor, row.ours, ratio, asked, "met" if row.is_met else "MISSED"))
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
