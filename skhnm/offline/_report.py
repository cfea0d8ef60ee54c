"""What one mining did: counts, and mean similarities."""

from __future__ import annotations

from dataclasses import dataclass, field

from skhnm.common._text import aligned
from skhnm.offline._filters import NAMES

DROPPED = ("positive", "group", "min_rank", "copy", *NAMES)
"""What drops candidates, in this order: a candidate counts for the first that drops it."""


@dataclass(frozen=True)
class MiningReport:
    """What `mine_hard_negatives` found and left out; ``print`` shows it as a table.

    Parameters
    ----------
    n_queries : int
        Queries, those without a class included.
    index : str
        Which index was used, and why.
    dropped : dict
        How many candidates each filter dropped, in the order in which they are asked:
        "positive" and "group" over the whole corpus, "min_rank" and the others down to
        ``max_rank``; "copy" is `drop_copies`. Rows of the query's class are no candidates.
    n_short : int
        Queries with fewer negatives than were asked for. Queries without a class do not
        count.
    n_without : int
        Those of them that have none at all.
    negative_similarity : float or None
        Mean over all negatives; None if there are none.
    n_with_positive : int
        Queries whose positive was looked at: those that margins filter. Positives are looked
        for by label only where a margin, `drop_copies` or the miner needs them.
    positive_similarity : float or None
        Mean over these positives; None if there are none.
    """

    n_queries: int
    index: str
    dropped: dict[str, int]
    n_short: int
    n_without: int
    negative_similarity: float | None
    n_with_positive: int
    positive_similarity: float | None

    def __str__(self) -> str:
        rows = [
            ("queries", f"{self.n_queries:,}"),
            ("with fewer negatives than asked", f"{self.n_short:,}"),
            ("with none", f"{self.n_without:,}"),
            ("mean similarity of negatives", _number(self.negative_similarity)),
            ("queries with a positive", f"{self.n_with_positive:,}"),
            ("mean similarity of positives", _number(self.positive_similarity)),
            *((f"dropped by {name}", f"{count:,}") for name, count in self.dropped.items()),
        ]
        return "\n".join([*aligned(rows), f"index: {self.index}"])


@dataclass
class Tally:
    """What is counted while a mining goes on."""

    n_short: int = 0
    n_without: int = 0
    n_negatives: int = 0
    negative_sum: float = 0.0
    n_positives: int = 0
    positive_sum: float = 0.0
    dropped: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Add the counts of the next unit."""
        for name, value in vars(other).items():
            if name != "dropped":
                setattr(self, name, getattr(self, name) + value)
        for name, count in other.dropped.items():
            self.dropped[name] = self.dropped.get(name, 0) + count

    def report(self, n_queries: int, index: str, excluded: dict[str, int]) -> MiningReport:
        """Sum up; `excluded` is what was never in question, positives and groups."""
        dropped = {**self.dropped, **excluded}
        return MiningReport(
            n_queries, index, {name: dropped.get(name, 0) for name in DROPPED},
            self.n_short, self.n_without,
            self.negative_sum / self.n_negatives if self.n_negatives else None,
            self.n_positives,
            self.positive_sum / self.n_positives if self.n_positives else None,
        )  # fmt: skip


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def explain_short(report: MiningReport, n_negatives: int) -> str:
    """Say how many queries fell short, and what would help."""
    none = f", {report.n_without} of them none" if report.n_without else ""
    ways = [
        f"{'lower' if name == 'min_rank' else 'loosen'} {name}"
        for name in ("min_rank", *NAMES)
        if report.dropped[name]
    ]
    remedy = (
        f"Raise max_rank, {', '.join(ways)}, or take another miner"
        if ways
        else "Ask for fewer (n_negatives), raise max_rank, or take another miner: there are too "
        "few rows of other classes or groups, or the miner gives no more"
    )
    return (
        f"{report.n_short} of {report.n_queries} queries have fewer than {n_negatives} "
        f"negatives{none}. {remedy}. The report counts what each filter dropped."
    )
