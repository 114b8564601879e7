"""A scenario: who lives in the run, for how long, under which rules, and what happens when."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.spec.base import Spec, Text
from sim.spec.strategy import ModuleNames, StrategyName

Id = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Stage = Literal["early", "middle", "late", "charged_off"]
EventWeek = Annotated[
    int, Field(ge=0, description="weeks after the end of the burn-in; 0: the first measured week")
]


class PopulationSpec(Spec):
    """How many of each live in the run."""

    borrowers: int = Field(default=20_000, ge=100, le=10_000_000)
    firms: int = Field(default=2_000, ge=50, le=1_000_000)
    mean_degree: float = Field(default=10.0, ge=1, le=60, description="mean number of suppliers a firm")
    lenders: int = Field(default=5, ge=3, le=50)
    inert_borrowers: int = Field(
        default=0, ge=0, le=1000, description="extra borrowers without job, income or debt"
    )
    weekly_sales_per_firm: float = Field(
        default=160_000, gt=0, description="mean weekly sales of a firm, yuan"
    )


class NetworkSpec(Spec):
    """The supply network: generated from a sector table, or the user's own file."""

    shape: Literal["measured", "even"] = Field(
        default="measured",
        description="measured: like the networks of tax records, with giants; even: firms much alike",
    )
    sectors: Id = "china-2020"
    file: str | None = None
    firms_file: str | None = None


class PortfolioRef(Spec):
    """The user's own accounts; none: a synthetic population."""

    file: str | None = None
    mapping: str | None = None


class ChannelSwitches(Spec):
    """The eight contagion channels; a closed channel makes the injured party whole."""

    late_receipts: bool = True
    write_off: bool = True
    cancelled_orders: bool = True
    lost_inputs: bool = True
    layoffs: bool = True
    household_to_lender: bool = True
    firm_to_lender: bool = True
    lender_to_credit: bool = True


class ContractSpec(Spec):
    """How a collector is paid: a share of what it recovers, or its costs plus a margin; and by account."""

    kind: Literal["commission", "fee"] = "fee"
    rate: float | None = Field(
        default=None, ge=0, le=2, description="commission; none: the world's. Fee: margin on cost"
    )
    by_stage: dict[Stage, Share] = Field(
        default_factory=dict, description="commission by age of debt where it differs from the rate"
    )
    per_account: float = Field(
        default=0.0, ge=0, le=1e6, description="yuan for each account newly placed, on top"
    )

    @model_validator(mode="after")
    def _stages_of_commission(self) -> Self:
        if self.by_stage and self.kind != "commission":
            raise ValueError("by_stage: rates by age belong to a commission|kind: commission")
        return self


class ChallengerSpec(Spec):
    """A strategy on trial beside a collector's own, on accounts chosen at random for good."""

    strategy: StrategyName
    share: Share = 0.5


class CollectorSpec(Spec):
    """One collector: whose debts of which age it works, with what staff, how and for what pay."""

    name: Id
    kind: Literal["in_house", "agency", "debt_buyer"]
    strategy: StrategyName = "traditional"
    stages: tuple[Stage, ...] = Field(min_length=1)
    lenders: tuple[int, ...] | None = Field(default=None, description="lender numbers from 0; none: all")
    contract: ContractSpec = ContractSpec()
    capacity: float = Field(
        default=1.0, ge=0, le=100, description="share of the world's staff that works here"
    )
    effort: float = Field(default=1.0, ge=0, le=20, description="multiplies planned attempts and staff")
    licensed: bool = Field(
        default=True, description="without a licence it may not work where one is required"
    )
    staffing: Literal["by_use", "fixed"] = Field(
        default="by_use", description="fixed: callers are paid for the calls they could have dialled as well"
    )
    challenger: ChallengerSpec | None = None
    settlement_most: Share = Field(
        default=0.5, description="largest part of a charged-off balance that may be forgiven"
    )
    settlement_most_late: Share = Field(default=0.0, description="the same before the charge-off")

    @model_validator(mode="after")
    def _buyers_work_what_they_bought(self) -> Self:
        if self.kind == "debt_buyer" and self.stages != ("charged_off",):
            raise ValueError("stages: a debt buyer works the debts that it bought|[charged_off]")
        return self


class DebtSaleSpec(Spec):
    """Lenders sell charged-off debts in bulk: cash now in place of later recoveries."""

    buyer: Id = Field(description="name of a collector of kind debt_buyer")
    after_weeks: int = Field(default=26, ge=0, le=5200, description="least weeks since the charge-off")
    every_weeks: int = Field(default=13, ge=1, le=520, description="weeks between sales")
    share: Share = Field(default=1.0, description="share of accounts sold, chosen at random for good")
    lenders: tuple[int, ...] | None = Field(default=None, description="numbers of those that sell; none: all")
    price: Share | None = Field(
        default=None, description="price over balance, whatever the age; none: the world's by age"
    )


class LendingSpec(Spec):
    """What lenders use and do on their own behalf, whoever collects for them."""

    modules: ModuleNames = Field(default=(), description="modules that lenders use, such as early_warning")
    lenders: tuple[int, ...] | None = Field(default=None, description="numbers of those that do; none: all")
    bureau_reporting: bool = Field(
        default=False, description="whether these lenders report long overdue debts to a credit bureau"
    )

    def used_by(self, module: str, lenders: int) -> tuple[int, ...]:
        """Numbers of the lenders, of ``lenders`` in all, that use a module."""
        if module not in self.modules:
            return ()
        return tuple(range(lenders)) if self.lenders is None else self.lenders


class PredictionSpec(Spec):
    """How operators learn from their history."""

    retrain_weeks: int = Field(default=26, ge=1, le=520, description="weeks between two trainings")
    shuffle: bool = Field(
        default=False, description="exchange scores among the cases: what is lost is the value of information"
    )


class ReceivablesSpec(Spec):
    """Which overdue trade receivables are placed with collectors."""

    scope: Literal["none", "small_creditors", "all", "covered"] = Field(
        default="small_creditors",
        description="covered: those of the firms that targeting chooses, by digital means",
    )
    coverage: Share = Field(
        default=0.0, description="scope covered: share of trade debt, by value, under digital collection"
    )
    targeting: Literal["random", "hub", "sector", "super_spreader"] = Field(
        default="random", description="scope covered: which creditors come first"
    )
    weeks_overdue: int = Field(default=4, ge=0, le=520)
    small_share: Share = Field(default=0.8, description="creditors below this quantile of sales are small")
    large_share: Share = Field(
        default=0.2, description="debtors above the upper quantile of this size are large"
    )
    gap_closed: Share | None = Field(
        default=None, description="share of the gap to full payment closed; none: the strategy's"
    )


class LeversSpec(Spec):
    """Policy levers on trade debt, kept apart since they do different things."""

    compulsory_payment_every: int = Field(
        default=0, ge=0, le=520, description="weeks between dates when all due must be paid; 0: never"
    )
    set_off_every: int = Field(
        default=0,
        ge=0,
        le=520,
        description="weeks between dates when cycles of overdue debts cancel; 0: never",
    )
    netting_every: int = Field(
        default=0,
        ge=0,
        le=520,
        description="weeks between dates when all debts are cleared at once; 0: never",
    )
    netting_over: Literal["offers", "overdue"] = Field(
        default="offers", description="what is cleared: the week's usual offers, or all that is overdue"
    )
    circulation_rounds: int = Field(default=3, ge=1, le=50)


class AdaptationSpec(Spec):
    """How collectors and the regulator adapt; off in comparisons, which pin strategies and rules."""

    enabled: bool = False
    every_weeks: int = Field(default=13, ge=1, le=520)
    imitation: Share = Field(
        default=0.25, description="chance that a collector copies the best earner (assumption)"
    )
    training: Share = Field(
        default=0.0,
        description="callers whom a collector with a digital strategy makes analysts at a look; "
        "above 0 scores need analysts",
    )
    offers: tuple[Annotated[str, Field(pattern=r"^\+?[a-z0-9_-]{1,40}$")], ...] = Field(
        default=(),
        description="strategies, and modules with a leading +, that are sold and so cannot be copied",
    )
    payback_quarters: float = Field(
        default=4.0, gt=0, le=400, description="within so many looks what is bought must pay (assumption)"
    )
    stance: bool = Field(default=False, description="whether inspections follow complaints")


class HarmSpec(Spec):
    """What collection does to people and what they do back, each way with a switch of its own."""

    stress_to_work: bool = Field(default=True, description="stress slows job finding")
    stress_to_reach: bool = Field(default=False, description="a stressed borrower answers less")
    trust_to_conduct: bool = Field(
        default=False, description="trust moves unasked payments and complaints, by the world's numbers"
    )
    pressure_to_moving: bool = Field(
        default=False, description="attempts drive stressed borrowers to move or to change their number"
    )
    third_party: Literal["world", "raises", "lowers", "none"] = Field(
        default="world",
        description="what contacting third parties does to promises: the world's number, or a sign",
    )
    social_pressure: bool = Field(
        default=False, description="complaints spread on social media and restrain a collector"
    )
    breaches: bool = Field(default=True, description="data sources that somebody holds can leak")


class DemandEvent(Spec):
    """Final demand of some sectors changes for a while."""

    kind: Literal["demand"]
    week: EventWeek
    weeks: int = Field(ge=1)
    sectors: tuple[str, ...] | None = Field(default=None, description="none: all")
    change: float = Field(ge=-1, le=5, description="relative change")


class RulesEvent(Spec):
    """The rule set changes."""

    kind: Literal["rules"]
    week: EventWeek
    rules: str


class CreditEvent(Spec):
    """All credit lines are multiplied for a while."""

    kind: Literal["credit_lines"]
    week: EventWeek
    weeks: int = Field(ge=1)
    factor: float = Field(ge=0, le=10)


class JobsEvent(Spec):
    """Job loss outside the modelled firms is multiplied for a while."""

    kind: Literal["job_loss"]
    week: EventWeek
    weeks: int = Field(ge=1)
    factor: float = Field(ge=0, le=1000)


class FailureEvent(Spec):
    """A firm is made to fail, or is rescued for the rest of the run."""

    kind: Literal["fail", "rescue"]
    week: EventWeek
    firm: int = Field(ge=0, description="row of the firm")


class ShieldEvent(Spec):
    """One firm is made whole for one channel for the rest of the run."""

    kind: Literal["shield"]
    week: EventWeek
    firm: int = Field(ge=0, description="row of the firm")
    channel: Literal[
        "own", "late_receipts", "write_off", "cancelled_orders", "lost_inputs", "lender_to_credit"
    ] = Field(description="own: its bad luck in demand is made good")


class WorldEvent(Spec):
    """Numbers of the world change for the rest of the run."""

    kind: Literal["world"]
    week: EventWeek
    changes: dict[str, float] = Field(
        min_length=1, description="dotted numbers, such as firms.loss_given_failure"
    )


class RolloutEvent(Spec):
    """A strategy is introduced on a growing share of accounts."""

    kind: Literal["rollout"]
    week: EventWeek
    ramp: int = Field(default=1, ge=1, description="weeks until the full share")
    share: Share = 1.0
    strategy: StrategyName
    assignment: Literal["random", "tiered", "self_selected"] = "random"


Event = Annotated[
    DemandEvent
    | RulesEvent
    | CreditEvent
    | JobsEvent
    | FailureEvent
    | ShieldEvent
    | WorldEvent
    | RolloutEvent,
    Field(discriminator="kind"),
]


class Scenario(Spec):
    """Everything a run is told besides its world and rules."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    id: Id
    label: Text
    description: Text
    world: str = "evidence"
    rules: str = "china-2023"
    start: date | None = Field(
        default=None,
        ge=date(1900, 1, 1),
        le=date(2200, 1, 1),
        description="day of the first measured week: rules bind once they are in force; none: all bind",
    )
    strategy: StrategyName | None = Field(
        default=None, description="one strategy for all collectors; none: each its own"
    )
    seed: int = Field(default=1, ge=0, lt=2**63)
    weeks: int = Field(default=104, ge=1, le=5200)
    burn_in: int = Field(default=104, ge=0, le=5200)
    hold_out: Share = Field(
        default=0.05, description="accounts left alone at random, to measure the direct effect"
    )
    population: PopulationSpec = PopulationSpec()
    network: NetworkSpec = NetworkSpec()
    portfolio: PortfolioRef = PortfolioRef()
    channels: ChannelSwitches = ChannelSwitches()
    collectors: tuple[CollectorSpec, ...] = Field(min_length=1, max_length=500)
    debt_sales: tuple[DebtSaleSpec, ...] = ()
    lending: LendingSpec = LendingSpec()
    prediction: PredictionSpec = PredictionSpec()
    receivables: ReceivablesSpec = ReceivablesSpec()
    levers: LeversSpec = LeversSpec()
    allotment: Literal["first", "by_capacity"] = Field(
        default="first",
        description="which of several collectors for a stage and lender has an account: the first, or each "
        "a random share by its capacity",
    )
    adaptation: AdaptationSpec = AdaptationSpec()
    harm: HarmSpec = HarmSpec()
    events: tuple[Event, ...] = ()
    world_changes: dict[str, float] = Field(
        default_factory=dict,
        description="dotted numbers of the world to replace, such as firms.credit_line_weeks",
    )
    rules_changes: dict[str, bool | int | float | None] = Field(
        default_factory=dict,
        description="rules to replace, such as attempts_per_day: 1; null removes the rule",
    )

    @model_validator(mode="after")
    def _unique_collectors(self) -> Self:
        names = [collector.name for collector in self.collectors]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"collectors: name {name!r} is given twice|a name of its own for each collector"
                )
        return self

    @model_validator(mode="after")
    def _known_buyers(self) -> Self:
        buyers = [collector.name for collector in self.collectors if collector.kind == "debt_buyer"]
        for sale in self.debt_sales:
            if sale.buyer not in buyers:
                allowed = ", ".join(buyers) or "a collector of kind debt_buyer"
                raise ValueError(f"debt_sales: {sale.buyer!r} is no debt buyer|{allowed}")
        return self
