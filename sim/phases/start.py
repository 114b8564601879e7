"""The first state of an economy: network, firms, people, loans, lenders, books."""

from __future__ import annotations

import numpy as np

from sim.agents.build_borrowers import (
    MOST_OF_LABOUR,
    drawn_population,
    employ,
    make_owners,
    mean_wage,
    own_population,
)
from sim.agents.build_firms import FirmStart, build_firms
from sim.agents.tables import (
    NO_JOB,
    AccountColumns,
    BorrowerColumns,
    CollectorColumns,
    LenderColumns,
    PlacementColumns,
)
from sim.collection.names import VIOLATION_KINDS
from sim.collection.parameters import funnel_parameters
from sim.core.columns import empty
from sim.core.ledger import Ledger
from sim.network.even import even_network
from sim.network.generate import generate
from sim.network.read import read_network
from sim.network.sector_table import SectorTable, load_sector_table
from sim.network.supply import SupplyNetwork
from sim.phases.books import open_books
from sim.phases.calendar import use_rules
from sim.phases.credit import exposures
from sim.phases.features import NAMES
from sim.phases.learning import DUE, LATE
from sim.phases.parameters import firm_parameters, household_parameters
from sim.phases.samples import Samples
from sim.phases.sanctions import YEAR
from sim.phases.state import Macro, State
from sim.phases.work import staff_collectors
from sim.spec.portfolio import Portfolio
from sim.spec.rules import RuleSet
from sim.spec.scenario import Scenario
from sim.spec.world import World


def network_of(spec: Scenario, table: SectorTable, world: World, seed: int, borrowers: int) -> SupplyNetwork:
    """The user's network, or a generated one with firms large enough to employ the borrowers."""
    if spec.network.file is not None:
        return read_network(spec.network.file, spec.network.firms_file, table)
    size = spec.population
    labour = float(table.labour_compensation.sum() / table.gross_output.sum())
    needed = borrowers * mean_wage(world) / (MOST_OF_LABOUR * labour * size.firms)
    scale = max(100 * size.weekly_sales_per_firm, needed)
    degree = min(size.mean_degree, size.firms / 8)
    make = even_network if spec.network.shape == "even" else generate
    return make(size.firms, degree, seed, table, int(scale))


def _people(
    spec: Scenario, world: World, seed: int, portfolio: Portfolio | None
) -> tuple[BorrowerColumns, AccountColumns]:
    if portfolio is None:
        return drawn_population(spec, world, seed)
    return own_population(portfolio, spec, world, seed)


def _lenders(spec: Scenario, a: AccountColumns) -> LenderColumns:
    count = max(spec.population.lenders, int(a.lender.max(initial=0)) + 1)
    lenders = empty(LenderColumns, count)
    on_books = ~a.charged_off
    np.add.at(lenders.household_loans, a.lender[on_books], a.balance[on_books])
    lenders.standard[:] = 1.0
    lenders.normal_standard[:] = 1.0
    return lenders


def _macro(start: FirmStart, b: BorrowerColumns, world: World) -> Macro:
    """Exports balance imports and public purchases balance taxes less benefits, in normal times."""
    f = start.firms
    hard = f.hard_cost_share * f.normal_sales
    taxes, imports = (float((hard * start.cost_shares[f.sector, x]).sum()) for x in (0, 1))
    benefits = world.households.benefit_share.value * float(b.wage[b.employer == NO_JOB].sum())
    final = float(f.normal_final_sales.sum())
    exports = min(0.5, imports / final)
    return Macro(start.cost_shares, exports, max(0.0, min(0.4, (taxes - benefits) / final)))


def _tie_people(start: FirmStart, b: BorrowerColumns, world: World, seed: int) -> int:
    """Jobs and ownership tie people to firms; returns the jobs outside the modelled firms."""
    f = start.firms
    f.positions[:], outside = employ(b, start.labour_costs, world, seed)
    make_owners(b, f.owner, f.size_rank.astype(np.float64), world, seed)
    return outside


def start(
    spec: Scenario, world: World, rules: RuleSet, seed: int, portfolio: Portfolio | None = None
) -> State:
    """The economy before its first week, with books opened and checked."""
    table = load_sector_table(spec.network.sectors)
    b, a = _people(spec, world, seed, portfolio)
    network = network_of(spec, table, world, seed, int(np.count_nonzero(b.wage)))
    lenders = _lenders(spec, a)
    firms = build_firms(network, table, world, seed, len(lenders.money), mean_wage(world))
    outside = _tie_people(firms, b, world, seed)
    collectors = empty(CollectorColumns, len(spec.collectors))
    state = State(
        spec=spec, world=world, rules=rules, seed=seed, borrowers=b, accounts=a, firms=firms.firms,
        links=firms.links, lenders=lenders, collectors=collectors, placements=empty(PlacementColumns, 0),
        buyer_start=firms.buyer_start, links_of_supplier=firms.links_of_supplier,
        supplier_start=firms.supplier_start, losses=firms.losses, budget=firms.rings[0],
        full_budget=firms.rings[1], pull=firms.rings[2], full_pull=firms.rings[3],
        missing=np.zeros((2, max(1, round(world.firms.terms_weeks.value)) + 1, network.firms), np.float32),
        sectors=network.sectors,
        macro=_macro(firms, b, world), ledger=Ledger(), firm_numbers=firm_parameters(world),
        household_numbers=household_parameters(world, spec.harm),
        funnel_numbers=funnel_parameters(world, harm=spec.harm),
        accounts_active=portfolio is None, outside_positions=outside, first=(spec, world, rules, portfolio),
    )  # fmt: skip
    state.samples = {kind: Samples.empty(len(NAMES)) for kind in (DUE, LATE)}
    lenders.capital[:] = (world.lenders.capital_ratio.value * exposures(state)).astype(np.int64)
    lenders.money[:] = lenders.capital - lenders.household_loans
    count = len(spec.collectors)
    state.profit_seen = np.zeros(count, np.int64)
    state.week_complaints = np.zeros(count, np.int64)
    state.week_violations = np.zeros(count, np.int64)
    state.week_violations_by_kind = np.zeros((count, len(VIOLATION_KINDS)), np.int64)
    state.turnover = np.zeros((YEAR, count), np.int64)
    state.found = np.zeros((YEAR, count), np.int64)
    state.week_costs = np.zeros(count, np.int64)
    state.week_digital_costs = np.zeros(count, np.int64)
    state.week_contacted = np.zeros(count, np.int64)
    state.late_repaid = np.zeros(len(lenders.money), np.int64)
    staff_collectors(state)
    use_rules(state, rules)
    state.sale_receipts = np.zeros(len(lenders.money), np.int64)
    staff_collectors(state)
    open_books(state)
    return state
