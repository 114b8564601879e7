"""The ecosystem: one Mesa model of firms, borrowers, lenders, collectors and a regulator."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.agents.institutions import Collector, Lender, Regulator
from sim.agents.people import Borrower, Firm
from sim.collection import check_own_rules
from sim.collection import module as find_module
from sim.collection import strategy as find_strategy
from sim.core.columns import read_only
from sim.core.errors import SpecError
from sim.core.ledger import Ledger
from sim.core.mesa_agents import ColumnModel
from sim.loading import load_scenario
from sim.measures import MeasureValue, compute_measures
from sim.measures.by_strategy import strategy_table
from sim.measures.groups import cohorts, funnel_steps, segments
from sim.measures.weekly import reproduction_by_quarter
from sim.phases import summaries
from sim.phases.books import positions
from sim.phases.branching import START_NUMBERS, branch_state, copy_state
from sim.phases.choice import strategy_name
from sim.phases.debt_record import DebtRecord, debt_record
from sim.phases.events import cause_table, event_table, lender_loss_table
from sim.phases.hardship import hardship
from sim.phases.ranking import super_spreaders
from sim.phases.replay import replay
from sim.phases.roll_rates import roll_history, roll_rates
from sim.phases.settle_in import begin_measurement
from sim.phases.snapshot import read_snapshot, write_snapshot
from sim.phases.start import start
from sim.phases.state import State
from sim.phases.week import step as step_state
from sim.spec.changes import apply_changes, apply_rule_changes, apply_world_changes
from sim.spec.loader import load_rules, load_world, rules_of
from sim.spec.portfolio import Portfolio, read_portfolio
from sim.spec.rules import RuleSet
from sim.spec.scenario import Scenario
from sim.spec.strategy import JOIN
from sim.spec.world import World

#: Weekly figures that the data collector keeps.
REPORTED = (
    "week", "consumer_overdue_rate", "consumer_overdue_30_rate", "npl_ratio", "trade_overdue_share",
    "receivable_days", "output", "failures", "employment", "stress_mean", "lending_standard",
    "recovered_late", "charge_offs", "new_credit", "collection_cost", "complaints",
)  # fmt: skip


def _figure(name: str, model: Ecosystem) -> Any:
    return model.state.last_row.get(name)


class Ecosystem(ColumnModel):
    """The debt-collection ecosystem, seasoned: after construction week 0 lies ahead.

    Parameters
    ----------
    scenario, world, rules:
        Shipped names, paths of YAML files, or loaded specifications. None: the scenario's own.
    strategy:
        One strategy for all collectors; None: each its own.
    portfolio, mapping:
        The user's accounts (CSV, .gz, .parquet) and how a foreign file is read.
    network:
        The user's supply network (CSV or GraphML).
    rng:
        Seed; None draws one, kept in ``seed``. The same seed gives the same run. A change named
        ``seed`` says the same.
    changes:
        Scenario fields to change by dotted name; further keywords likewise (``borrowers=5000``).

    Raises
    ------
    SpecError
        One sentence that names source, field, value and what is allowed.
    """

    def __init__(
        self,
        scenario: str | Path | Scenario = "baseline",
        world: str | World | None = None,
        strategy: str | None = None,
        rules: str | RuleSet | None = None,
        portfolio: str | Path | Portfolio | None = None,
        mapping: str | Path | None = None,
        network: str | Path | None = None,
        rng: int | np.random.Generator | None = None,
        changes: Mapping[str, object] | None = None,
        **more_changes: object,
    ) -> None:
        spec = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        own_changes = {**(changes or {}), **more_changes}
        spec = apply_changes(spec, own_changes, "Ecosystem")
        if strategy is not None:
            spec = spec.model_copy(update={"strategy": strategy})
        if network is not None:
            spec = apply_changes(spec, {"network.file": str(network)}, "Ecosystem")
        seed = _seed(rng, spec.seed if "seed" in own_changes else None)
        own = _portfolio(spec, portfolio, mapping)
        state = start(spec, _world(spec, world), _rules(spec, rules), seed, own)
        _check_names(state)
        for _ in range(spec.burn_in):
            step_state(state)
        begin_measurement(state, own)
        self._attach(state)

    def _attach(self, state: State) -> None:
        """Put agents, sets and the data collector over a state."""
        super().__init__(rng=state.seed)
        self.state = state
        state.ledger.holdings = partial(positions, state)
        self.borrowers = self.register_table(Borrower, state.borrowers)
        self.firms = self.register_table(Firm, state.firms)
        for number in range(len(state.lenders.money)):
            Lender(self, number)
        for number in range(len(state.spec.collectors)):
            Collector(self, number)
        Regulator(self, 0)
        self.datacollector = mesa.DataCollector(
            model_reporters={name: partial(_figure, name) for name in REPORTED}
        )

    # -- running ------------------------------------------------------------------------------
    def step(self) -> None:
        """One week; its figures join the data collector. ``running`` ends with the scenario's weeks."""
        step_state(self.state)
        self.datacollector.collect(self)
        self.running = self.week < self.spec.weeks

    def run(self, weeks: int | None = None) -> Ecosystem:
        """Run some weeks, by default those of the scenario; returns the model itself."""
        for _ in range(self.spec.weeks - self.week if weeks is None else weeks):
            self.step()
        return self

    def branch(self, changes: Mapping[str, object]) -> Ecosystem:
        """An independent copy at this week with changes applied; its randomness stays the same.

        Raises
        ------
        SpecError
            A change is impossible.
        StartChangeError
            A change acts on the start and so needs a new ecosystem.
        """
        twin = object.__new__(type(self))
        twin._attach(branch_state(self.state, changes))
        _check_names(twin.state)
        return twin

    def copy(self) -> Ecosystem:
        """An independent copy at this week."""
        twin = object.__new__(type(self))
        twin._attach(copy_state(self.state))
        return twin

    def release(self) -> None:
        """Let go of the state; the model is of no use afterwards.

        Agents and model know each other, so what a dropped model holds is free only at the next search
        for garbage. Many runs in a row need their memory at once.
        """
        self.state.ledger.holdings = None
        self.tables.clear()
        del self.state

    def snapshot(self, path: str | Path) -> None:
        """Save the whole state to one file (:mod:`sim.phases.snapshot`): a run goes on from it bit for bit.

        Raises :class:`SpecError` when the file cannot be written; what stood there is untouched.
        """
        write_snapshot(self.state, path, self.digest())

    @classmethod
    def restore(cls, path: str | Path) -> Ecosystem:
        """An ecosystem at the week of a snapshot; as with :meth:`branch`, its data collector is empty.

        Raises :class:`SpecError` for a file that is damaged, or of a program with other fields.
        """
        twin = object.__new__(cls)
        state, digest = read_snapshot(path)
        twin._attach(state)
        _check_names(state)
        if twin.digest() != digest:
            raise SpecError(str(path), "digest", "is not that of the state in the file", "a whole snapshot")
        return twin

    # -- looking ------------------------------------------------------------------------------
    @property
    def spec(self) -> Scenario:
        """The scenario with all changes."""
        return self.state.spec

    @property
    def world(self) -> World:
        """The numbers in use."""
        return self.state.world

    @property
    def rules(self) -> RuleSet:
        """The rule set in force."""
        return self.state.rules

    @property
    def seed(self) -> int:
        """Key of all randomness."""
        return self.state.seed

    @property
    def week(self) -> int:
        """Weeks measured so far."""
        return self.state.week

    @property
    def sectors(self) -> tuple[str, ...]:
        """Names of the sectors."""
        return self.state.sectors

    @property
    def ledger(self) -> Ledger:
        """The books; ``check()`` raises unless they agree with what agents hold."""
        return self.state.ledger

    @property
    def lenders(self) -> Any:
        """The lenders, an AgentSet."""
        return self.agents_by_type[Lender]

    @property
    def collectors(self) -> Any:
        """The collectors, an AgentSet."""
        return self.agents_by_type[Collector]

    @property
    def regulators(self) -> Any:
        """The regulators, an AgentSet."""
        return self.agents_by_type[Regulator]

    @property
    def accounts(self) -> Mapping[str, NDArray[Any]]:
        """Columns of the accounts, read-only."""
        return read_only(self.state.accounts)

    @property
    def links(self) -> Mapping[str, NDArray[Any]]:
        """Columns of the supply links, read-only."""
        return read_only(self.state.links)

    @property
    def placements(self) -> Mapping[str, NDArray[Any]]:
        """Columns of the placements so far, read-only."""
        used = self.state.placements_used
        return {name: column[:used] for name, column in read_only(self.state.placements).items()}

    def matrices(self) -> dict[str, pd.DataFrame]:
        """The ``balance_sheet`` and the transaction ``flows`` by sector, fen; column ``row`` names rows."""
        books = {"balance_sheet": self.ledger.balance_sheet(), "flows": self.ledger.flows()}
        return {name: frame.reset_index(names="row") for name, frame in books.items()}

    def series(self) -> pd.DataFrame:
        """Weekly figures since measurement began, a row a week."""
        return pd.DataFrame(self.state.series)

    def events(self) -> pd.DataFrame:
        """Defaults of firms and borrowers with the shares of their causes."""
        return event_table(self.state)

    def causes(self) -> pd.DataFrame:
        """The agents behind each default: columns event, channel, kind, agent, parent, share."""
        return cause_table(self.state)

    def lender_losses(self) -> pd.DataFrame:
        """What each default cost its lender: columns week, lender, event, loss (fen)."""
        return lender_loss_table(self.state)

    def super_spreaders(self) -> pd.DataFrame:
        """All firms by the harm that their failure would do: :func:`sim.phases.ranking.super_spreaders`."""
        return super_spreaders(self.state)

    def curves(self) -> pd.DataFrame:
        """Liquidation of the common list: columns stage, weeks, placed, recovered (fen), share."""
        return summaries.curves(self.state)

    def cures(self) -> pd.DataFrame:
        """Cures of the common list: columns stage, weeks, placed and cured (accounts)."""
        return summaries.cures(self.state)

    def reproduction(self) -> pd.DataFrame:
        """Failures of firms and the failures they caused, by quarter:
        :func:`sim.measures.weekly.reproduction_by_quarter`."""
        return reproduction_by_quarter(self.state.record())

    def roll_rates(self) -> pd.DataFrame:
        """Moves of accounts between buckets of lateness: :func:`sim.phases.roll_rates.roll_rates`."""
        return roll_rates(self.state)

    def groups(self) -> dict[str, pd.DataFrame]:
        """Accounts in groups: ``cohorts``, ``funnel`` and ``segments`` of :mod:`sim.measures.groups`, and
        ``roll_history`` (:func:`sim.phases.roll_rates.roll_history`)."""
        record = self.state.record()
        return {
            "cohorts": cohorts(record),
            "funnel": funnel_steps(record),
            "segments": segments(record),
            "roll_history": roll_history(self.state),
        }

    def debt_record(self) -> DebtRecord | None:
        """The debts on the shared ledger with its roots by week; None where nobody keeps it."""
        return debt_record(self.state)

    def sector_table(self) -> pd.DataFrame:
        """Firms by sector: how many, failures, trade debt owed and held, due and overdue (fen)."""
        return summaries.sector_table(self.state)

    def hardship(self) -> pd.DataFrame:
        """Transfers, costs and hardship of borrowers by group: :func:`sim.phases.hardship.hardship`."""
        return hardship(self.state)

    def strategy_results(self, horizon: str = "90d") -> pd.DataFrame:
        """Cure on the common list by collector, stage and strategy, with differences and their intervals:
        :func:`sim.measures.by_strategy.strategy_table`; no rows before the horizon is over."""
        collectors = self.state.spec.collectors
        names = [(item.name, strategy_name(self.state, row)) for row, item in enumerate(collectors)]
        return strategy_table(self.state.record(), self.state.strategy_order, names, horizon)

    def measures(self) -> dict[str, MeasureValue]:
        """Every measure over the measured weeks; undefined ones are None with the reason."""
        return compute_measures(self.state.record())

    def assumptions(self) -> pd.DataFrame:
        """Every number of the world: name, value, unit, source, note."""
        return pd.DataFrame(
            [
                {"name": name, "value": q.value, "unit": q.unit, "source": q.source, "note": q.note}
                for name, q in self.world.numbers()
            ]
        )

    def explain(self, kind: str, number: int) -> pd.DataFrame:
        """The life of one account, borrower or firm, week by week, by replaying the run."""
        return replay(self.state, kind, number)

    def digest(self) -> str:
        """SHA-256 of the whole state: equal digests are equal runs, whatever their strategies are called."""
        digest = hashlib.sha256()
        for table in self.state.tables():
            for name, column in table._asdict().items():
                if name == "strategy":  # what a strategy is called changes nothing
                    continue
                digest.update(name.encode())
                digest.update(np.ascontiguousarray(column).tobytes())
        macro = self.state.macro
        digest.update(repr((self.week, macro.others, macro.government, macro.world)).encode())
        digest.update(self.ledger.claims.tobytes() + self.ledger.debts.tobytes())
        return digest.hexdigest()


def _seed(rng: int | np.random.Generator | None, named: int | None) -> int:
    """The seed from ``rng`` or a change named ``seed``; without both one is drawn."""
    if rng is None:
        return secrets.randbits(31) if named is None else named
    if named not in (None, rng):
        raise SpecError("Ecosystem", "seed", f"{named} is given together with rng={rng!r}", "one of the two")
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**31))
    return int(rng)


def _world(spec: Scenario, world: str | World | None) -> World:
    if world is None:
        world = spec.world
    loaded = world if isinstance(world, World) else load_world(world)
    return apply_world_changes(loaded, spec.world_changes)


def _rules(spec: Scenario, rules: str | RuleSet | None) -> RuleSet:
    if isinstance(rules, RuleSet):
        return apply_rule_changes(rules, spec.rules_changes)
    return rules_of(spec, rules)


def _portfolio(
    spec: Scenario, portfolio: str | Path | Portfolio | None, mapping: str | Path | None
) -> Portfolio | None:
    if isinstance(portfolio, Portfolio):
        return portfolio
    path = portfolio if portfolio is not None else spec.portfolio.file
    if path is None:
        if mapping is not None:
            raise SpecError(
                "mapping", "", f"{str(mapping)!r} is given without a portfolio", "both, or neither"
            )
        return None
    return read_portfolio(path, mapping if mapping is not None else spec.portfolio.mapping)


def _check_names(state: State) -> None:
    """Unknown strategies and lenders are refused before any week is run."""
    for collector in state.spec.collectors:
        find_strategy(state.spec.strategy or collector.strategy)
        if collector.challenger is not None:
            find_strategy(collector.challenger.strategy)
        for lender in collector.lenders or ():
            if not 0 <= lender < len(state.lenders.money):
                most = len(state.lenders.money) - 1
                raise SpecError(
                    f"scenario {state.spec.id}", f"collector {collector.name}, lenders",
                    f"{lender} is not the number of a lender", f"0 to {most}",
                )  # fmt: skip
    for lender in state.spec.lending.lenders or ():
        if not 0 <= lender < len(state.lenders.money):
            most = len(state.lenders.money) - 1
            problem = f"{lender} is not the number of a lender"
            raise SpecError(f"scenario {state.spec.id}", "lending.lenders", problem, f"0 to {most}")
    for row, sale in enumerate(state.spec.debt_sales):
        for lender in sale.lenders or ():
            if not 0 <= lender < len(state.lenders.money):
                most = len(state.lenders.money) - 1
                problem = f"{lender} is not the number of a lender"
                raise SpecError(
                    f"scenario {state.spec.id}", f"debt_sales[{row}].lenders", problem, f"0 to {most}"
                )
    for used in state.spec.lending.modules:
        find_module(used)
    for offer in state.spec.adaptation.offers:
        if offer.startswith(JOIN):
            find_module(offer.removeprefix(JOIN))
        else:
            find_strategy(offer)
    for event in state.spec.events:
        if event.kind == "rollout":
            find_strategy(event.strategy)
        elif event.kind == "world":
            _check_world_event(state, event.changes)
        elif event.kind == "rules":
            check_own_rules(apply_rule_changes(load_rules(event.rules), state.spec.rules_changes))
        elif event.kind in ("fail", "rescue", "shield") and event.firm >= len(state.firms.cash):
            most = len(state.firms.cash) - 1
            raise SpecError(
                f"scenario {state.spec.id}", "events, firm", f"{event.firm} is no firm", f"0 to {most}"
            )
        elif event.kind == "demand":
            for sector in event.sectors or ():
                if sector not in state.sectors:
                    raise SpecError(
                        f"scenario {state.spec.id}", "events, sectors", f"{sector!r} is not a sector",
                        ", ".join(state.sectors),
                    )  # fmt: skip


def _check_world_event(state: State, changes: Mapping[str, float]) -> None:
    apply_world_changes(state.world, changes, f"scenario {state.spec.id}, events, changes")
    for name in changes:
        if name in START_NUMBERS:
            raise SpecError(
                f"scenario {state.spec.id}", f"events, changes, {name}", "acts on the start of a run only",
                "world_changes of the scenario",
            )  # fmt: skip
