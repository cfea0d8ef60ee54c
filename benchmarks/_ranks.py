"""Ranks of several learners over many sets, and which differ (Demšar 2006, JMLR 7)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import rankdata, studentized_range

from benchmarks._plot import INK, LOOKS


def average_ranks(accuracies: np.ndarray) -> np.ndarray:
    """Return the mean rank of each column, 1 being the most accurate."""
    return rankdata(-accuracies.round(6), axis=1).mean(axis=0)


def critical_difference(n_sets: int, k: int) -> float:
    """Return the difference of average ranks of k learners that Nemenyi's test needs at 5 %."""
    q = studentized_range.ppf(0.95, k, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(k * (k + 1) / 6 / n_sets))


def draw_ranks(average: dict[str, float], n_sets: int, figure: Any) -> None:
    """Draw average ranks on a line; a bar joins those that do not differ significantly."""
    import pandas as pd
    from scikit_posthocs import critical_difference_diagram

    ranks = pd.Series(average)
    difference = critical_difference(n_sets, len(ranks))
    apart = np.abs(ranks.to_numpy()[:, None] - ranks.to_numpy()) >= difference
    p_values = pd.DataFrame(np.where(apart, 0.0, 1.0), ranks.index, ranks.index)
    axes = figure.add_subplot()
    critical_difference_diagram(
        ranks, p_values, ax=axes, label_fmt_left="{label}  {rank:.1f} ",
        label_fmt_right=" {rank:.1f}  {label}", text_h_margin=0.05,
        crossbar_props={"color": INK}, color_palette={
            name: LOOKS[0].color if name.startswith("skhnm") else INK for name in average
        },
    )  # fmt: skip
    axes.grid(visible=False)
