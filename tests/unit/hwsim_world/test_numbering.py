import pytest

from hwsim.exchange.hunt import HuntGroup, HuntOrder
from hwsim.exchange.numbering import Analysis, NumberingPlan, NumberRange


@pytest.mark.parametrize(
    ("dialled", "canonical"),
    [
        ("88001000", "057188001000"),
        ("057188001000", "057188001000"),
        ("+8657188001000", "057188001000"),
        ("008657188001000", "057188001000"),
        ("+86057188001000", "057188001000"),
        ("13800138000", "13800138000"),
        ("013800138000", "13800138000"),
        ("+8613800138000", "13800138000"),
        ("01088886666", "01088886666"),
        ("95588", "95588"),
        ("4008001234", "4008001234"),
        ("110", "110"),
    ],
)
def test_every_way_to_write_a_number_has_one_canonical_form(dialled, canonical):
    assert NumberingPlan().canonical(dialled) == canonical


def test_numbers_are_shown_as_a_local_would_dial_them():
    plan = NumberingPlan()
    assert plan.as_dialled_here("057188001000") == "88001000"
    assert plan.as_dialled_here("13800138000") == "13800138000"
    assert plan.as_dialled_here("01088886666") == "01088886666"


@pytest.mark.parametrize(
    ("digits", "analysis"),
    [
        ("", Analysis.INCOMPLETE),
        ("8", Analysis.INCOMPLETE),
        ("8800100", Analysis.INCOMPLETE),
        ("88001000", Analysis.COMPLETE),
        ("880010001", Analysis.IMPOSSIBLE),
        ("1380013800", Analysis.INCOMPLETE),
        ("13800138000", Analysis.COMPLETE),
        ("013800138000", Analysis.COMPLETE),
        ("0571", Analysis.INCOMPLETE),
        ("057188001000", Analysis.COMPLETE),
        ("01088886666", Analysis.COMPLETE),
        ("0108888666", Analysis.OPEN),
        ("07551234567", Analysis.OPEN),
        ("075512345678", Analysis.COMPLETE),
        ("110", Analysis.OPEN),
        ("11", Analysis.INCOMPLETE),
        ("0014155550100", Analysis.OPEN),
        ("9*", Analysis.IMPOSSIBLE),
    ],
)
def test_when_a_number_is_complete(digits, analysis):
    assert NumberingPlan().analyse(digits) is analysis


def test_short_numbers_of_the_exchange_are_complete_at_their_last_digit():
    plan = NumberingPlan()
    plan.add_short("95588")
    assert plan.analyse("9558") is Analysis.OPEN
    assert plan.analyse("95588") is Analysis.COMPLETE


def test_ranges():
    numbers = NumberRange.parse("0880 - 0899")
    assert "0885" in numbers and "885" not in numbers and "0900" not in numbers
    assert list(numbers.all())[:2] == ["0880", "0881"] and numbers.size == 20
    assert numbers.at(21) == "0881"
    for wrong in ("88-899", "20-10", "abc", "", "1-2-3"):
        with pytest.raises(ValueError):
            NumberRange.parse(wrong)


class _Member:
    def __init__(self, name):
        self.name, self.free = name, True


def test_hunting_orders():
    members = [_Member(n) for n in "abc"]

    def chosen(order):
        group = HuntGroup("g", members, order=order)
        return "".join(group.choose().name for _ in range(4))

    assert chosen(HuntOrder.SEQUENTIAL) == "aaaa"
    assert chosen(HuntOrder.REVERSE) == "cccc"
    assert chosen(HuntOrder.CYCLIC) == "abca"
    members[0].free = False
    assert chosen(HuntOrder.SEQUENTIAL) == "bbbb"
    for member in members:
        member.free = False
    assert HuntGroup("g", members).choose() is None
