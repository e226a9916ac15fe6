import pytest
from clockwork import Telephone

from boardd.signalling.analog import Flashed, Lifted, PulseDigit, PutDown


def lifted(**changes: object) -> Telephone:
    telephone = Telephone(**changes)
    telephone.machine.loop(True)
    telephone.clock.forward(1000)
    assert telephone.events == [Lifted(False)]
    telephone.events.clear()
    return telephone


def test_on_hook_is_told_when_its_time_is_over() -> None:
    telephone = lifted()
    telephone.machine.loop(False)
    telephone.clock.forward(690)
    assert not telephone.events
    telephone.clock.forward(20)
    assert telephone.events == [PutDown()]


@pytest.mark.parametrize("ms", [100, 300, 600, 690])
def test_flashes_of_chinese_telephones(ms: int) -> None:
    telephone = lifted()
    telephone.open_for(ms)
    telephone.clock.forward(1000)
    assert telephone.events == [Flashed()]


def test_the_window_of_a_pbx_is_wider() -> None:
    telephone = lifted(flash_max_ms=1000)
    telephone.open_for(950)
    telephone.clock.forward(1000)
    assert telephone.events == [Flashed()]
    telephone = lifted()
    telephone.open_for(950)
    telephone.clock.forward(1000)
    assert telephone.events == [PutDown(), Lifted(False)]


@pytest.mark.parametrize("digit", "1234567890")
@pytest.mark.parametrize(("break_ms", "make_ms"), [(62, 38), (60, 40), (89, 36), (43, 33), (45, 55)])
def test_pulse_digits(digit: str, break_ms: int, make_ms: int) -> None:
    telephone = lifted()
    telephone.open_for(*[break_ms] * (int(digit) or 10), make_ms=make_ms)
    telephone.clock.forward(700)
    assert telephone.events in ([PulseDigit(digit)], [Flashed()])
    assert telephone.events == ([Flashed()] if digit == "1" and break_ms == 89 else [PulseDigit(digit)])


def test_a_pulse_break_is_no_flash_and_bounce_is_nothing() -> None:
    telephone = lifted()
    telephone.open_for(5, 12, make_ms=400)
    assert not telephone.events
    telephone.open_for(70)
    telephone.clock.forward(700)
    assert telephone.events == [PulseDigit("1")]


def test_two_pulse_digits_and_eleven_breaks() -> None:
    telephone = lifted()
    for count in (2, 10):
        telephone.open_for(*[62] * count)
        telephone.clock.forward(650)
    assert telephone.events == [PulseDigit("2"), PulseDigit("0")]
    telephone.events.clear()
    telephone.open_for(*[62] * 11)
    telephone.clock.forward(650)
    assert not telephone.events


def test_without_pulses_every_opening_of_the_window_is_a_flash() -> None:
    telephone = lifted(pulses=False, flash_min_ms=50)
    telephone.open_for(62)
    telephone.clock.forward(1000)
    assert telephone.events == [Flashed()]


def test_put_down_in_the_middle_of_a_digit() -> None:
    telephone = lifted()
    telephone.open_for(62, 62)
    telephone.machine.loop(False)
    telephone.clock.forward(2000)
    assert telephone.events == [PutDown()]
    telephone.machine.loop(True)
    assert telephone.events[1:] == [Lifted(False)]


def test_lifted_while_it_is_rung() -> None:
    telephone = Telephone()
    assert telephone.machine.ring("13800138000", "张三")
    assert not telephone.machine.ring()
    telephone.clock.forward(1000)
    telephone.machine.ring_stopped()
    telephone.clock.forward(590)
    assert telephone.orders == [("ring", True)]
    telephone.clock.forward(20)
    assert telephone.orders[1:] == [("caller_id", "13800138000", "张三")]
    telephone.machine.ring_stopped()
    telephone.clock.forward(2000)
    telephone.machine.lifted()
    telephone.machine.lifted()
    assert telephone.orders[2:] == [("ring", False)] and telephone.events == [Lifted(True)]
    assert not telephone.machine.stop_ring() and not telephone.machine.ring("1")


def test_the_number_is_not_sent_to_who_has_lifted() -> None:
    telephone = Telephone()
    telephone.machine.ring("138")
    telephone.machine.ring_stopped()
    telephone.machine.lifted()
    telephone.clock.forward(3000)
    assert telephone.orders == [("ring", True), ("ring", False)]


def test_off_hook_after_the_ring_was_stopped_is_a_new_seizure() -> None:
    telephone = Telephone()
    telephone.machine.ring("138")
    telephone.clock.forward(300)
    assert telephone.machine.stop_ring()
    telephone.machine.ring_stopped()
    telephone.clock.forward(100)
    telephone.machine.lifted()
    assert telephone.events == [Lifted(False)] and telephone.orders == [("ring", True), ("ring", False)]


def test_off_hook_that_crosses_the_start_of_ringing_answers_it() -> None:
    telephone = Telephone()
    telephone.machine.ring()
    telephone.machine.lifted()
    assert telephone.events == [Lifted(True)]


def test_a_card_that_reads_the_hook_itself() -> None:
    telephone = Telephone()
    telephone.machine.flashed()
    telephone.machine.pulse_digit("5")
    telephone.machine.put_down()
    assert not telephone.events
    telephone.machine.lifted()
    telephone.machine.flashed()
    telephone.machine.pulse_digit("5")
    telephone.machine.put_down()
    assert telephone.events == [Lifted(False), Flashed(), PulseDigit("5"), PutDown()]
