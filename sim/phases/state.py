"""The state of an economy in one week: what phases read and write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from sim.agents.tables import (
    AccountColumns,
    BorrowerColumns,
    CollectorColumns,
    FirmColumns,
    LenderColumns,
    LinkColumns,
    LossColumns,
    PlacementColumns,
)
from sim.collection.parameters import FunnelParameters
from sim.collection.registry import Strategy
from sim.core.columns import F32, F64, I32, I64, U8, Bool, Columns
from sim.core.ledger import Ledger
from sim.core.rng import stream
from sim.measures.record import RunRecord
from sim.phases.parameters import FirmParameters, HouseholdParameters
from sim.phases.samples import NOBODY, Samples
from sim.spec.portfolio import Portfolio
from sim.spec.rules import RuleSet
from sim.spec.scenario import CreditEvent, DemandEvent, FailureEvent, JobsEvent, Scenario
from sim.spec.world import World


@dataclass
class Macro:
    """Sectors without agents: money positions in fen, and shares of the sector accounts.

    ``cost_shares[sector]`` are taxes and imports over hard costs; ``export_share`` and
    ``public_share`` are the parts of final sales bought abroad and by the government.
    """

    cost_shares: F64
    export_share: float
    public_share: float
    others: int = 0
    government: int = 0
    world: int = 0


@dataclass
class State:
    """Everything that changes from week to week, and what the phases are told."""

    spec: Scenario
    world: World
    rules: RuleSet
    seed: int
    borrowers: BorrowerColumns
    accounts: AccountColumns
    firms: FirmColumns
    links: LinkColumns
    lenders: LenderColumns
    collectors: CollectorColumns
    placements: PlacementColumns
    buyer_start: I64
    links_of_supplier: I32
    supplier_start: I64
    losses: LossColumns
    budget: F64  # ring: week of order x buyer
    full_budget: F64  # the same without strain and failure of the buyer
    pull: F64  # ring: week of order x supplier
    full_pull: F64  # the same without shortages and failure of the supplier
    missing: F32  # ring: missed and unmade sales x week x firm, fen
    sectors: tuple[str, ...]
    macro: Macro
    ledger: Ledger
    firm_numbers: FirmParameters
    household_numbers: HouseholdParameters
    funnel_numbers: FunnelParameters
    clock: int = 0
    placements_used: int = 0
    accounts_active: bool = True
    outside_positions: int = 0
    receivable_gap: float = 0.0
    late_repaid: I64 = field(default_factory=lambda: np.zeros(0, np.int64))
    sale_receipts: I64 = field(default_factory=lambda: np.zeros(0, np.int64))
    week_complaints: I64 = field(default_factory=lambda: np.zeros(0, np.int64))
    week_violations: I64 = field(default_factory=lambda: np.zeros(0, np.int64))
    week_violations_by_kind: I64 = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    turnover: I64 = field(default_factory=lambda: np.zeros((0, 0), np.int64))  # ring: week x collector, fees
    found: I64 = field(default_factory=lambda: np.zeros((0, 0), np.int64))  # ring: violations found
    law: RuleSet | None = None  # the rule set in use, of which ``rules`` are those in force
    week_costs: I64 = field(default_factory=lambda: np.zeros(0, np.int64))
    week_digital_costs: I64 = field(default_factory=lambda: np.zeros(0, np.int64))
    week_contacted: I64 = field(default_factory=lambda: np.zeros(0, np.int64))
    recovered_by_age: I64 = field(default_factory=lambda: np.zeros((5, 53), np.int64))
    rolls: I64 = field(default_factory=lambda: np.zeros((2, 64), np.int64))  # accounts and fen x move
    roll_months: I64 = field(default_factory=lambda: np.zeros((0, 65), np.int64))  # week, accounts x move
    roll_bucket: U8 = field(default_factory=lambda: np.zeros(0, np.uint8))  # at the last end of a month
    roll_generation: I32 = field(default_factory=lambda: np.zeros(0, np.int32))
    roll_balance: I64 = field(default_factory=lambda: np.zeros(0, np.int64))
    profit_seen: I64 = field(default_factory=lambda: np.zeros(0, np.int64))
    conduct_seen: tuple[int, int] = (0, 0)  # complaints and accounts contacted at the last look
    stance: float = 1.0  # what multiplies inspections
    bought: dict[int, frozenset[str]] = field(default_factory=dict)  # names by collector
    adopted: dict[int, str] = field(default_factory=dict)
    debt_roots: list[tuple[int, int, str]] = field(default_factory=list)
    ledger_accounts: Bool | None = None
    samples: dict[str, Samples] = field(default_factory=dict)
    predictors: dict[tuple[str, int], Any] = field(default_factory=dict)
    warned: dict[int, tuple[tuple[str, ...], bool]] = field(default_factory=dict)
    strategies: dict[tuple[int, str], Strategy] = field(default_factory=dict)
    strategy_order: list[str] = field(default_factory=list)  # names behind ``placements.strategy``
    week_sums: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    series: list[dict[str, float | int | None]] = field(default_factory=list)
    last_row: dict[str, float | int | None] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    causes: list[tuple[int, str, str, int, int, float]] = field(default_factory=list)
    newest_failure: dict[int, int] = field(default_factory=dict)
    lender_losses: list[tuple[int, int, str, int, int]] = field(default_factory=list)
    keys: dict[str, np.uint64] = field(default_factory=dict)
    branches: list[tuple[int, dict[str, object]]] = field(default_factory=list)
    first: tuple[Scenario, World, RuleSet, Portfolio | None] | None = None

    TABLES: ClassVar[tuple[str, ...]] = (
        "borrowers", "accounts", "firms", "links", "losses", "lenders", "collectors", "placements",
    )  # fmt: skip

    def tables(self) -> list[Columns]:
        """All tables of columns."""
        return [getattr(self, name) for name in self.TABLES]

    def record(self) -> RunRecord:
        """What the measures need."""
        return RunRecord(
            placements=self.placements,
            placements_used=self.placements_used,
            series=self.series,
            events=self.events,
            causes=self.causes,
            borrowers=int(np.count_nonzero(self.borrowers.wage)),
            firms=len(self.firms.cash),
            weeks=self.week,
            discount_rate=self.world.lenders.firm_rate.value,
            sleep_base_rate=self.world.households.sleep_base_rate.value,
            sleep_odds_ratio=self.world.households.sleep_odds_ratio.value,
            normal_output=int(self.firms.normal_sales.sum()),
            country_debt=self.world.collection.country_scale_debt.value,
            due_predictions=self._predictions("due"),
            late_predictions=self._predictions("late"),
        )

    def _predictions(self, kind: str) -> tuple[F32, Bool]:
        """Chances predicted in the measured weeks whose outcome is known, and the outcomes."""
        found = self.samples[kind]
        chosen = found.known() & (found.predicted > NOBODY) & (found.week >= 0)
        return found.predicted[chosen], found.outcome[chosen] == 1

    @property
    def week(self) -> int:
        """Weeks since measurement began; negative during the burn-in."""
        return self.clock - self.spec.burn_in

    def key(self, name: str) -> np.uint64:
        """The key of a random stream."""
        if name not in self.keys:
            self.keys[name] = stream(self.seed, name)
        return self.keys[name]

    # -- dated events -----------------------------------------------------------------------
    def demand_path(self) -> F64:
        """What multiplies final demand this week, by sector."""
        path = np.ones(len(self.sectors))
        for event in self.spec.events:
            if isinstance(event, DemandEvent) and event.week <= self.week < event.week + event.weeks:
                for number, name in enumerate(self.sectors):
                    if event.sectors is None or name in event.sectors:
                        path[number] *= 1.0 + event.change
        return path

    def credit_factor(self) -> float:
        """What multiplies credit lines this week."""
        factor = 1.0
        for event in self.spec.events:
            if isinstance(event, CreditEvent) and event.week <= self.week < event.week + event.weeks:
                factor *= event.factor
        return factor

    def job_loss_factor(self) -> float:
        """What multiplies job loss outside the modelled firms this week."""
        factor = 1.0
        for event in self.spec.events:
            if isinstance(event, JobsEvent) and event.week <= self.week < event.week + event.weeks:
                factor *= event.factor
        return factor

    def forced_failures(self) -> Bool:
        """Firms that a dated event fells this week."""
        forced = np.zeros(len(self.firms.cash), np.bool_)
        for event in self.spec.events:
            if isinstance(event, FailureEvent) and event.kind == "fail" and event.week == self.week:
                forced[event.firm] = self.firms.alive[event.firm]
        return forced
