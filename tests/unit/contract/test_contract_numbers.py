"""Numbers and names of calls: what is one passes, what a library found in its memory does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardd.contract import driver as d
from boardd.contract.capabilities import ChannelKind
from boardd.contract.numbers import plain_name, plain_number
from boardd.contract.objects import Channel
from boardd.contract.states import ChannelState


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800001234", "13800001234"),
        ("(0571) 8800-1000", "057188001000"),
        ("+8657188001000", "+8657188001000"),
        ("*11#", "*11#"),
        ("", ""),
        ("O", ""),
        ("P", ""),
        ("7" * 40, "7" * 40),
        ("7" * 41, None),
        ("13800\x01", None),
        ("\ufffd去%n", None),
        ("１３８", None),
        ("++86", None),
    ],
)
def test_number(text, number):
    assert plain_number(text) == number


@pytest.mark.parametrize(
    ("text", "name"),
    [("王先生", "王先生"), (" Li ", "Li"), ("", ""), ("Li\n", "Li"), ("L\x01i", None), ("\ufffd", None)],
)
def test_name(text, name):
    assert plain_name(text) == name


@given(st.text(max_size=60))
def test_whatever_comes_a_number_can_be_dialled_back(text):
    number = plain_number(text)
    if number:
        d.check_digits("number", number.removeprefix("+").upper() or "0")


class Port(d.ChannelPort):
    async def _do_hangup(self, cause):
        raise NotImplementedError


def test_an_offer_with_garbage_is_an_offer_without_number():
    seen = []
    port = Port(Channel("e1/1/1", "synway", "e1", ChannelKind.E1_BEARER, 0, ChannelState.OFFERED), seen.append)
    port.emit(d.Offered("e1/1/1", "1055", "\ufffd\x01", "\x02", "88001055"))
    port.emit(d.CallerId("e1/1/1", "138%n", "王"))
    assert seen == [d.Offered("e1/1/1", "1055", "", "", "88001055"), d.CallerId("e1/1/1", "", "王")]
    assert port.counters == {"odd_texts": 3}
