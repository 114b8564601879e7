"""Experiments: comparisons of arms over paired runs, single runs, sweeps, forks, twins, outbreaks."""

from sim.core.errors import StoppedError
from sim.experiments.arms import DEFAULT_STRATEGIES, Arm, Arms
from sim.experiments.comparing import compare, run_once
from sim.experiments.comparison import Comparison, MeasureRow
from sim.experiments.executors import InlineExecutor
from sim.experiments.forks import fork
from sim.experiments.outbreak_result import Outbreak
from sim.experiments.outbreaks import outbreak
from sim.experiments.run_table import RunTable
from sim.experiments.statistics import Estimate, mean_interval, paired_difference
from sim.experiments.sweeps import Sweep, sweep
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
    "RunTable",
    "StoppedError",
    "Sweep",
    "TwinResult",
    "compare",
    "fork",
    "mean_interval",
    "outbreak",
    "paired_difference",
    "run_once",
    "sweep",
    "twin",
]
