"""A lesson: a question, a bet, some arms of the one simulator, and what these must be found to show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.spec.base import Spec, Text
from sim.spec.declared import ID_PATTERN
from sim.spec.labels import WORDS_IN_USE

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Value = bool | int | float | str
#: A figure inside a text: ``{FIGURE.ARM}`` or ``{FIGURE}`` of the first arm.
IN_TEXT = re.compile(r"\{([^{}]*)\}")

#: Figures of one recorded run of a network, with their units.
NETWORK_FIGURES = {
    "failed": "firms",
    "further": "firms",
    "strained": "firms",
    "late_payers": "firms",
    "waiting": "firms",
    "arrears_peak": "fen",
    "R": "failures per failure",
}
#: Figures of a selection: shares cured of those with the strategy, of the others, and their difference.
SELECTION_FIGURES = {"users": "share", "others": "share", "difference": "share"}


class LessonText(Text):
    """A text in both languages; ``finance`` where words of finance differ from epidemic ones."""

    finance: Text | None = None

    def said(self, lang: str) -> str:
        """The text in a language, in the vocabulary in use."""
        used: Text = self.finance if self.finance and WORDS_IN_USE.get() == "finance" else self
        return used.zh if lang == "zh" else used.en

    def forms(self) -> Iterator[str]:
        """All forms of the text."""
        yield from (self.en, self.zh)
        if self.finance is not None:
            yield from (self.finance.en, self.finance.zh)


class Option(Spec):
    """One answer to bet on; ``told`` is said to who chose it."""

    id: Id
    label: LessonText
    right: bool = False
    told: LessonText


class LessonArm(Spec):
    """One version of the run. Arms of a lesson share seeds: they differ by what they say here."""

    label: LessonText
    scenario: str | None = Field(default=None, description="another scenario than the lesson's")
    changes: dict[str, object] = Field(default_factory=dict, description="from week 0 on")
    shock: str | None = Field(
        default=None, description="firms that fail in week 0: firm:ID, sector:NAME:SHARE, hub:N, random:N"
    )
    protect: str | None = Field(
        default=None,
        description="firms whose receivables are paid from week 0 on, named like a shock, or exposed:N",
    )
    assignment: Literal["self_selected", "random"] | None = Field(
        default=None, description="play selection: who decides about the strategy"
    )


class Control(Spec):
    """One thing that the reader may change in all arms; the first value is that of the lesson."""

    field: str = Field(min_length=1, description="shock, protect, or a field as for --set")
    label: LessonText
    values: list[Value] = Field(min_length=2, max_length=7)
    names: list[LessonText] | None = Field(default=None, description="a name for each value")

    @model_validator(mode="after")
    def _a_name_for_each(self) -> Self:
        if self.names is not None and len(self.names) != len(self.values):
            raise ValueError(f"names: {len(self.names)} names for {len(self.values)} values|one a value")
        if len({repr(value) for value in self.values}) < len(self.values):
            raise ValueError("values: one stands there twice|each value once")
        return self


class Finding(Spec):
    """A comparison that must come out: a figure of an arm against another arm, or against a number."""

    figure: str
    arm: str
    how: Literal["greater", "smaller", "close"] = Field(alias="is")
    than: str | float = Field(description="an arm, or a number")
    by: float = Field(
        default=0.0, ge=0, description="greater, smaller: least difference; close: the largest one"
    )

    @model_validator(mode="after")
    def _how_close(self) -> Self:
        if self.how == "close" and self.by == 0:
            raise ValueError("by: how close is not said|a number above 0")
        return self


class SelectionSpec(Spec):
    """Play selection: which strategy is offered to whom, and when cure is counted."""

    strategy: str
    share: float = Field(default=0.5, gt=0, lt=1)
    stage: Literal["early", "middle", "late", "charged_off"] = "middle"
    horizon: Literal["30d", "90d", "180d", "360d"] = "90d"


class Lesson(Spec):
    """A lesson as a file says it.

    ``play``: ``network`` records a supply network week by week, arm by arm; ``compare`` runs paired arms and
    gives measures; ``selection`` sets those who chose a strategy against those who got it by chance.
    ``figures`` are drawn at the reveal, the first one large.
    """

    schema_version: Literal[1] = 1
    id: Id
    number: int = Field(default=100, ge=0, le=999, description="place in the list")
    minutes: int = Field(default=10, ge=1, le=240)
    title: LessonText
    question: LessonText
    story: LessonText
    options: list[Option] = Field(min_length=2, max_length=6)
    play: Literal["network", "compare", "selection"]
    scenario: str = "baseline"
    world: str | None = Field(default=None, description="none: the scenario's")
    changes: dict[str, object] = Field(default_factory=dict, description="of the scenario, for all arms")
    weeks: int = Field(default=26, ge=1, le=520)
    seed: int = Field(default=1, ge=0, lt=2**63)
    runs: int = Field(default=8, ge=2, le=100, description="paired runs behind the reveal")
    arms: dict[Id, LessonArm] = Field(min_length=1, max_length=5)
    controls: list[Control] = Field(default_factory=list, max_length=6)
    hands_on: bool = Field(default=False, description="the reader may fail, rescue, protect firms")
    selection: SelectionSpec | None = None
    figures: list[str] = Field(min_length=1, max_length=4)
    findings: list[Finding] = Field(min_length=1, max_length=8)
    reveal: LessonText
    caveat: LessonText
    teacher: LessonText

    @model_validator(mode="after")
    def _options(self) -> Self:
        ids = [option.id for option in self.options]
        if len(set(ids)) < len(ids):
            raise ValueError("options: one id is given twice|an id of its own for each option")
        if not any(option.right for option in self.options) or all(option.right for option in self.options):
            raise ValueError("options: all of them, or none, are right|right: true for at least one, not all")
        return self

    @model_validator(mode="after")
    def _play(self) -> Self:
        if (self.play == "selection") != (self.selection is not None):
            raise ValueError("selection: belongs to play selection, and to no other|both, or neither")
        for name, arm in self.arms.items():
            if (self.play == "selection") != (arm.assignment is not None):
                raise ValueError(
                    f"arms: {name!r}: assignment belongs to each arm of play selection|both, or neither"
                )
            if self.play != "network" and (arm.shock or arm.protect or arm.scenario):
                raise ValueError(
                    f"arms: {name!r} has shock, protect or a scenario|play: network, or changes alone"
                )
        return self

    @model_validator(mode="after")
    def _findings(self) -> Self:
        for row, finding in enumerate(self.findings):
            for name in (finding.arm, *([finding.than] if isinstance(finding.than, str) else [])):
                if name not in self.arms:
                    raise ValueError(f"findings: {name!r} of finding {row} is no arm|{', '.join(self.arms)}")
            if finding.than == finding.arm:
                raise ValueError(f"findings: finding {row} compares an arm with itself|two arms")
        return self

    def texts(self) -> Iterator[tuple[str, LessonText]]:
        """Every text with the field that holds it."""
        for name in ("title", "question", "story", "reveal", "caveat", "teacher"):
            yield name, getattr(self, name)
        for row, option in enumerate(self.options):
            yield f"options[{row}].label", option.label
            yield f"options[{row}].told", option.told
        for name, arm in self.arms.items():
            yield f"arms.{name}.label", arm.label
        for row, control in enumerate(self.controls):
            yield f"controls[{row}].label", control.label
            for place, label in enumerate(control.names or ()):
                yield f"controls[{row}].names[{place}]", label

    def used_figures(self) -> Iterator[tuple[str, str, str | None]]:
        """Every figure that the lesson names: field, figure, and the arm where a text names one."""
        for row, name in enumerate(self.figures):
            yield f"figures[{row}]", name, None
        for row, finding in enumerate(self.findings):
            yield f"findings[{row}].figure", finding.figure, finding.arm
        for field, each in self.texts():
            for form in each.forms():
                for inside in IN_TEXT.findall(form):
                    figure, _, arm = inside.partition(".")
                    yield field, figure, arm or None
