"""Lessons: a question, a bet, the weeks as they went, and what many runs say."""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboard import lesson_play, lesson_runs
from dashboard.lesson_reveal import reveal
from dashboard.links import Field, read_link, write_link
from dashboard.state import language, say, vocabulary
from sim.spec.lesson import Lesson

#: No lesson open, no bet made, nothing revealed.
_NONE = "none"
_LOOK = """<style>
.lesson-kicker{opacity:.75;font-size:.9rem;margin:0}
.lesson-story{font-size:1.08rem;line-height:1.65;max-width:46rem;margin:.2rem 0 .6rem}
.lesson-question{font-size:1.55rem;line-height:1.35;font-weight:600;max-width:46rem;margin:.6rem 0 .2rem}
.lesson-reveal{font-size:1.2rem;line-height:1.6;max-width:46rem;margin:.4rem 0}
[class*=st-key-lessons-bet-] button{text-align:left;min-height:3.2rem}
[class*=st-key-lessons-bet-] button,[class*=st-key-lessons-bet-] button *{justify-content:flex-start}
[class*=st-key-lessons-bet-] button p{font-size:1.05rem;white-space:normal;text-align:left}
</style>"""


def fields(known: dict[str, Lesson]) -> tuple[Field, ...]:
    """What the link of this page keeps: the open lesson, the bets made, the lessons revealed."""
    bets = tuple(f"{name}.{option.id}" for name, lesson in known.items() for option in lesson.options)
    return (
        Field("lesson", "one", _NONE, (_NONE, *known)),
        Field("bets", "some", [_NONE], (_NONE, *bets), 1, max(1, len(bets))),
        Field("seen", "some", [_NONE], (_NONE, *known), 1, max(1, len(known))),
    )


def show() -> None:
    """The page."""
    known, faults = lesson_runs.lessons()
    _read(known)
    st.html(_LOOK)
    lesson = known.get(st.session_state["lessons.lesson"])
    if lesson is None:
        _list(known, faults)
    else:
        _lesson(lesson, list(known))
    _keep(known)


def _read(known: dict[str, Lesson]) -> None:
    """Progress from the link, once a visit; what is not possible is left out and said."""
    if "lessons.bets" not in st.session_state:
        params = {name: st.query_params[name] for name in st.query_params}
        values, dropped = read_link(params, fields(known), language())
        st.session_state["lessons.lesson"] = values["lesson"]
        st.session_state["lessons.bets"] = dict(one.split(".") for one in values["bets"] if one != _NONE)
        st.session_state["lessons.seen"] = {one for one in values["seen"] if one != _NONE}
        for sentence in dropped:
            st.warning(sentence, icon=":material/link_off:")


def _keep(known: dict[str, Lesson]) -> None:
    """Write progress into the address of the page, so that a reload or a bookmark finds it again."""
    bets, seen = st.session_state["lessons.bets"], st.session_state["lessons.seen"]
    values = {
        "lesson": st.session_state["lessons.lesson"],
        "bets": [f"{name}.{bet}" for name, bet in bets.items() if name in known] or [_NONE],
        "seen": [name for name in known if name in seen] or [_NONE],
    }
    link = write_link(fields(known), values, language(), vocabulary())
    wanted = dict(pair.split("=", 1) for pair in link[1:].split("&"))
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def _open(name: str) -> None:
    st.session_state["lessons.lesson"] = name


def _right(lesson: Lesson) -> bool:
    bet = st.session_state["lessons.bets"].get(lesson.id)
    return any(option.right and option.id == bet for option in lesson.options)


def _list(known: dict[str, Lesson], faults: list[str]) -> None:
    """All lessons with what was made of them."""
    seen, bets = st.session_state["lessons.seen"], st.session_state["lessons.bets"]
    st.title(say("lessons"))
    st.caption(say("lessons_intro"))
    done = sum(name in seen for name in known)
    right = sum(name in seen and _right(lesson) for name, lesson in known.items())
    st.progress(done / max(1, len(known)), say("lessons_done", done=done, total=len(known), right=right))
    names = list(known)
    following = next((name for name in names if name not in seen), None)
    for start in range(0, len(names), 2):
        for column, name in zip(st.columns(2), names[start : start + 2], strict=False):
            lesson = known[name]
            with column.container(border=True, height="stretch"):
                state = (
                    say("lesson_right" if _right(lesson) else "lesson_wrong")
                    if name in seen
                    else say("lesson_bet_made" if name in bets else "lesson_open")
                )
                st.html(f'<p class="lesson-kicker">{lesson.number} · {escape(state)}</p>')
                st.markdown(f"#### {lesson.title.said(language())}")
                st.write(lesson.question.said(language()))
                st.button(
                    say("lesson_again" if name in seen else "lesson_start"),
                    key=f"lessons.open.{name}",
                    on_click=_open,
                    args=(name,),
                    type="primary" if name == following else "secondary",
                )
    for sentence in faults:
        st.error(sentence, icon=":material/error:")
    st.caption(say("lessons_own"))


def _lesson(lesson: Lesson, names: list[str]) -> None:
    """One lesson, as far as the reader has come."""
    lang = language()
    st.button(
        say("lessons_all"), key="lessons.back", on_click=_open, args=(_NONE,), type="tertiary",
        icon=":material/arrow_back:",
    )  # fmt: skip
    st.html(
        f'<p class="lesson-kicker">{escape(say("lesson_number", number=lesson.number))} · '
        f"{escape(say('lesson_minutes', minutes=lesson.minutes))}</p>"
    )
    st.title(lesson.title.said(lang))
    st.html(f'<p class="lesson-story">{escape(lesson.story.said(lang))}</p>')
    st.html(f'<p class="lesson-question">{escape(lesson.question.said(lang))}</p>')
    lesson_runs.result(lesson)  # begins while the reader thinks
    revealed = lesson.id in st.session_state["lessons.seen"]
    bet = _bet(lesson, revealed)
    if bet is None:
        return
    st.divider()
    lesson_play.play(lesson)
    st.divider()
    if not revealed:
        st.button(
            say("lesson_reveal"), key="lessons.reveal", type="primary", icon=":material/visibility:",
            on_click=st.session_state["lessons.seen"].add, args=(lesson.id,),
        )  # fmt: skip
        return
    reveal(lesson, bet)
    place = names.index(lesson.id)
    if place + 1 < len(names):
        st.button(
            say("lesson_next"), key="lessons.next", type="primary", icon=":material/arrow_forward:",
            on_click=_open, args=(names[place + 1],),
        )  # fmt: skip


def _bet(lesson: Lesson, revealed: bool) -> str | None:
    """The options; the one chosen, which may be changed until the reveal."""
    bets: dict[str, str] = st.session_state["lessons.bets"]
    bet = bets.get(lesson.id)
    st.caption(say("lesson_bet_kept" if bet else "lesson_bet"))
    for option in lesson.options:
        mine = option.id == bet
        sign = "radio_button_checked" if mine else "radio_button_unchecked"
        if revealed and option.right:
            sign = "check_circle"
        with st.container(key=f"lessons-bet-{option.id}"):
            st.button(
                option.label.said(language()),
                key=f"lessons.bet.{lesson.id}.{option.id}",
                icon=f":material/{sign}:",
                type="primary" if mine else "secondary",
                width="stretch",
                disabled=revealed and not mine,
                on_click=bets.__setitem__,
                args=(lesson.id, option.id),
            )
    return bet
