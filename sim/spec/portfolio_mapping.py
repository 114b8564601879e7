"""How a foreign portfolio file is read: names, codes, currency and ratio to local income."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.core.errors import SpecError, unknown_name
from sim.core.paths import scenarios_dir
from sim.spec.base import Spec, Text
from sim.spec.faults import validate
from sim.spec.yamltext import read_yaml

MAX_MONTHS = 60
"""Longest monthly history read."""

Product = Literal["instalment", "revolving"]
ColumnName = Annotated[str, Field(min_length=1, max_length=200)]
Months = Annotated[tuple[ColumnName, ...], Field(max_length=MAX_MONTHS)]


class MinimumPayment(Spec):
    """What a revolving account has to pay each month: a share of the balance, at least a floor,
    at most the whole balance."""

    share: float = Field(gt=0, le=1, description="share of the balance a month")
    floor: float = Field(default=0.0, ge=0, le=1e9, description="least payment, in the file's currency")
    basis: str = Field(min_length=1, description="source of both numbers, or 'assumption'")


class PortfolioColumns(Spec):
    """Names that the foreign file gives to the canonical columns; absent: not in the file."""

    account_id: ColumnName
    balance: ColumnName
    days_past_due: ColumnName | None = None
    instalment: ColumnName | None = None
    limit: ColumnName | None = None
    borrower_id: ColumnName | None = None
    product: ColumnName | None = None
    age: ColumnName | None = None
    segment: ColumnName | None = None
    income_monthly: ColumnName | None = None
    lender: ColumnName | None = None
    opened: ColumnName | None = None
    months_past_due: Months = ()
    paid: Months = ()
    billed: Months = ()


class PortfolioCodes(Spec):
    """Meaning of the values that the file writes in its own codes."""

    months_past_due: dict[str, Annotated[int, Field(ge=-1, le=120)]] | None = Field(
        default=None, description="status code to months past due; -1: unknown. None: the cells are months"
    )
    product: dict[str, Product] | None = Field(default=None, description="product code to product")


class PortfolioMapping(Spec):
    """A foreign portfolio file in terms of the canonical one."""

    title: Text
    source: str = Field(min_length=1, description="who published the data")
    licence: str = Field(min_length=1)
    note: str = ""
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code of the file's money")
    year: int = Field(ge=1900, le=2100, description="year of the file's money")
    ratio_to_local_income: float = Field(
        gt=0,
        le=1e6,
        description="yuan of the model for one unit of the file's money: income here over income there",
    )
    ratio_basis: str = Field(min_length=1, description="how the ratio was found, or 'assumption'")
    columns: PortfolioColumns
    newest_month: Literal["first", "last"] = Field(
        default="first", description="order of the monthly columns"
    )
    product: Product | None = Field(default=None, description="product of all accounts")
    lender: str | None = Field(
        default=None, min_length=1, max_length=64, description="lender of all accounts"
    )
    codes: PortfolioCodes = PortfolioCodes()
    newest_months_apart: int = Field(
        default=0,
        ge=0,
        le=MAX_MONTHS,
        description="newest months whose status is coded otherwise than before: a backtest leaves them out",
    )
    negative_amounts: Literal["refuse", "zero"] = Field(
        default="refuse", description="credit balances and statements: a fault, or nothing owed"
    )
    days_in_first_month: int = Field(
        default=15,
        ge=1,
        le=31,
        description="days past due of an account one month late; 30 more for each further month",
    )
    minimum_payment: MinimumPayment | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = self.columns
        if self.product is not None and given.product is not None:
            raise ValueError(
                "product: is given twice, for all and by column|either product or columns.product"
            )
        if self.lender is not None and given.lender is not None:
            raise ValueError("lender: is given twice, for all and by column|either lender or columns.lender")
        if given.days_past_due is None and not given.months_past_due:
            raise ValueError("columns: say nothing about arrears|days_past_due or months_past_due")
        if given.limit is None and given.instalment is None:
            raise ValueError("columns: say nothing about what falls due|instalment or limit")
        needed = {"revolving": given.limit, "instalment": given.instalment}
        if self.product is not None and needed[self.product] is None:
            name = "limit" if self.product == "revolving" else "instalment"
            raise ValueError(f"columns: {name} is missing|the column of {name} for product {self.product}")
        return self


DEFAULT_MINIMUM = MinimumPayment(
    share=0.10, floor=0.0, basis="assumption: a tenth of the balance, the customary share on Chinese cards"
)


def load_mapping(name_or_path: str | Path) -> PortfolioMapping:
    """The mapping of a shipped name (``uci-card``) or of a YAML file.

    Raises :class:`SpecError` naming file, line and field for anything that is not a mapping.
    """
    text = str(name_or_path)
    path = Path(text)
    if not path.suffix and not path.exists():
        folder = scenarios_dir() / "portfolios"
        names = sorted(file.stem for file in folder.glob("*.yaml"))
        if text not in names:
            raise SpecError("mapping", "", *unknown_name(text[:200], names, "portfolio mapping or file"))
        path = folder / f"{text}.yaml"
    node = read_yaml(path)
    return validate(PortfolioMapping, node.plain(), str(path), node)
