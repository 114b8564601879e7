"""Experiments: comparisons of arms over paired runs, single runs, twins, outbreaks."""

from sim.core.errors import StoppedError
from sim.experiments.arms import DEFAULT_STRATEGIES, Arm, Arms
from sim.experiments.comparing import compare, run_once
from sim.experiments.comparison import Comparison, MeasureRow
from sim.experiments.executors import InlineExecutor
from sim.experiments.outbreak_result import Outbreak
from sim.experiments.outbreaks import outbreak
from sim.experiments.statistics import Estimate, mean_interval, paired_difference
from sim.experiments.tasks import RunRow
from sim.experiments.twins import TwinResult, twin

__all__ = [
    "DEFAULT_STRATEGIES",
    "Arm",
    "Arms",
    "Comparison",
    "Estimate",
    "InlineExecutor",
    "MeasureRow",
    "Outbreak",
    "RunRow",
    "StoppedError",
    "TwinResult",
    "compare",
    "mean_interval",
    "outbreak",
    "paired_difference",
    "run_once",
    "twin",
]
