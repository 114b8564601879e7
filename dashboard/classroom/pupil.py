"""A pupil's firm: cash at hand, bills, and whom to pay this week."""

from __future__ import annotations

import streamlit as st

from dashboard.classroom.replayed import own_result
from dashboard.classroom.room import RoomError
from dashboard.classroom.rooms import View
from dashboard.classroom.shared import big, firm_name, money, rooms, told
from dashboard.press import pressed
from dashboard.state import say
from sim.experiments.classroom import MISSED_WEEKS, PATIENCE, State, net_worth


def show(view: View, seat: str, firm: int) -> None:
    """The page of one firm."""
    st.caption(say("class_your_firm", code=view.code))
    big(firm_name(firm), kind="firm")
    _watch(view.code, view.moment)
    if not view.started:
        st.info(say("class_wait_start"), icon=":material/hourglass_top:")
        _rules()
        return
    if view.game.over:
        own_result(view, firm)
        return
    _week(view, seat, firm)
    _rules()


@st.fragment(run_every=2.0)
def _watch(code: str, moment: tuple[bool, int, bool]) -> None:
    """Looks whether the week has ended; everything else is drawn only then."""
    try:
        view = rooms().view(code)
    except RoomError:
        st.rerun()
    if view.moment != moment:
        st.rerun()
    if view.game.over:
        return
    if not view.started:
        st.caption(say("class_seated", taken=len(view.taken)))
        return
    line = say(
        "class_status", week=view.week, weeks=view.setup.weeks, chosen=len(view.chosen & view.taken),
        taken=len(view.taken),
    )  # fmt: skip
    if view.seconds_left is not None:
        line += " · " + say("left", seconds=f"{view.seconds_left:.0f}")
    st.caption(line)


def _week(view: View, seat: str, firm: int) -> None:
    state, market = view.game.now, view.game.market
    _standing(view, state, firm)
    first, end = (int(place) for place in market.start[firm : firm + 2])
    answers = []
    st.markdown(f"**{say('class_whom')}**")
    for link in range(first, end):
        with st.container(border=True):
            name, due = firm_name(int(market.creditor[link])), int(state.due[link])
            st.markdown(f"**{name}**: {say('class_due', amount=money(due))}" + _warning(view, state, link))
            answer = st.segmented_control(
                say("class_pay_whom", name=name),
                ["pay", "delay"],
                default="pay",
                format_func=lambda kind: say(f"class_{kind}"),
                key=f"classroom.{view.code}.{view.week}.{link}",
                label_visibility="collapsed",
                required=True,
                width="stretch",
            )
            answers.append(answer == "pay")
    _sum(state, firm, first, answers)
    _confirm(view, seat, firm, answers)


def _standing(view: View, state: State, firm: int) -> None:
    """Cash after sales and wages, what is late to the firm, and trouble in words."""
    market = view.game.market
    st.caption(say("class_cash"))
    big(money(int(state.cash[firm])), kind="cash")
    waits = int(state.due[market.creditor == firm].sum())
    st.caption(
        say("class_waits", waits=money(waits), wages=money(int(market.wages[firm])))
        + " · "
        + say("class_worth", worth=money(int(net_worth(market, state)[firm])))
    )
    if state.sold[firm] < market.final[0, firm]:
        sold, usual = money(int(state.sold[firm])), money(int(market.final[0, firm]))
        st.warning(say("class_fewer_sales", sold=sold, usual=usual), icon=":material/trending_down:")
    if state.closed[firm]:
        st.error(say("class_closed"), icon=":material/block:")
    elif state.wages_owed[firm] > 0:
        left = MISSED_WEEKS - int(state.missed[firm])
        owed = money(int(state.wages_owed[firm]))
        st.error(say("class_wages_owed", owed=owed, weeks=left), icon=":material/payments:")


def _warning(view: View, state: State, link: int) -> str:
    market = view.game.market
    limit = PATIENCE * int(market.weekly[link])
    if not state.delivered[link]:
        return f"  \n:material/local_shipping: {say('class_stopped', limit=money(limit))}"
    if int(state.due[link]) > limit:
        return f"  \n:material/warning: {say('class_will_stop', limit=money(limit))}"
    return ""


def _sum(state: State, firm: int, first: int, answers: list[bool]) -> None:
    cash = int(state.cash[firm])
    asked = sum(int(state.due[first + place]) for place, pays in enumerate(answers) if pays)
    if asked > cash:
        share = f"{100 * cash // max(1, asked)}"
        st.caption(say("class_short", asked=money(asked), share=share))
    else:
        st.caption(say("class_keeps", asked=money(asked), keeps=money(cash - asked)))


def _confirm(view: View, seat: str, firm: int, answers: list[bool]) -> None:
    sent = f"classroom.{view.code}.{view.week}.sent"
    again = firm in view.chosen
    label = say("class_change") if again else say("class_send")
    # a button of this week only: a click that comes late must not settle the next week unseen
    key = f"classroom.send.{view.code}.{view.week}"
    if pressed(st.button, label, key, type="primary", width="stretch"):
        try:
            rooms().choose(view.code, seat, view.week, answers)
            st.session_state[sent] = True
        except RoomError as error:
            st.warning(told(error), icon=":material/timer_off:")
            return
        st.rerun()
    if again:
        st.success(say("class_sent"), icon=":material/check:")


def _rules() -> None:
    with st.expander(say("class_rules"), icon=":material/menu_book:"):
        st.markdown(say("class_rules_text", patience=PATIENCE, missed=MISSED_WEEKS))
