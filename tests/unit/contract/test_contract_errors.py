"""Errors cross process boundaries and the wire without losing anything."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardd.contract import errors
from boardd.contract.causes import TEXTS, Cause, cause_text, known_cause
from boardd.contract.errors import BoarddError, from_wire


def kinds(root: type[BoarddError] = BoarddError) -> list[type[BoarddError]]:
    return [root, *(k for child in root.__subclasses__() for k in kinds(child) if k.__module__ == errors.__name__)]


@pytest.mark.parametrize("kind", kinds())
@given(message=st.text(), data=st.dictionaries(st.sampled_from(["channel", "state", "vendor_code"]), st.text()))
def test_round_trips(kind: type[BoarddError], message: str, data: dict[str, str]) -> None:
    error = kind(message, **data)
    for copy in (pickle.loads(pickle.dumps(error)), from_wire(error.to_wire())):
        assert type(copy) is kind
        assert (copy.message, copy.data) == (message, data)


def test_codes_are_unique() -> None:
    codes = [k.code for k in kinds()]
    assert len(codes) == len(set(codes))


def test_unknown_wire_error_keeps_its_message() -> None:
    error = from_wire({"code": 1, "message": "later version", "data": {"error": "from_the_future", "x": 1}})
    assert type(error) is BoarddError
    assert (error.message, error.data) == ("later version", {"x": 1})


@given(st.integers(min_value=0, max_value=127))
def test_every_cause_has_a_text_in_both_languages(number: int) -> None:
    assert known_cause(number) in TEXTS
    assert cause_text(number, "en")
    assert any("\u4e00" <= c <= "\u9fff" for c in cause_text(number, "zh_CN"))


def test_our_own_causes_are_known() -> None:
    assert all(int(c) in TEXTS for c in Cause)
