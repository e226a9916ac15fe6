import pytest

from boardd.signalling.span import Number, NumberKind
from drivers.dahdi.numbers import NumberTypes, as_dialled, as_sent

K, T = NumberKind, NumberTypes


@pytest.mark.parametrize(
    ("kind", "digits", "dialled"),
    [
        (K.UNKNOWN, "057188001000", "057188001000"),
        (K.NATIONAL, "57188001000", "057188001000"),
        (K.NATIONAL, "057188001000", "057188001000"),
        (K.NATIONAL, "1012345678", "01012345678"),
        (K.NATIONAL, "10123456789", "010123456789"),
        (K.NATIONAL, "13800138000", "13800138000"),
        (K.INTERNATIONAL, "85221234567", "0085221234567"),
        (K.INTERNATIONAL, "0085221234567", "0085221234567"),
        (K.INTERNATIONAL, "8613800138000", "13800138000"),
        (K.INTERNATIONAL, "8657188001000", "057188001000"),
        (K.SUBSCRIBER, "88001000", "88001000"),
        (K.NATIONAL, "", ""),
        (K.NATIONAL, "*21#", "*21#"),
    ],
)
def test_a_number_that_came(kind: NumberKind, digits: str, dialled: str) -> None:
    assert as_dialled(Number(digits, kind), T.RECEIVED) == as_dialled(Number(digits, kind), T.BOTH) == dialled
    assert as_dialled(Number(digits, kind), T.NONE) == digits


@pytest.mark.parametrize(
    ("digits", "sent", "kind"),
    [
        ("057188001000", "57188001000", K.NATIONAL),
        ("0085221234567", "85221234567", K.INTERNATIONAL),
        ("88001000", "88001000", K.UNKNOWN),
        ("13800138000", "13800138000", K.UNKNOWN),
        ("0", "0", K.UNKNOWN),
        ("00", "0", K.NATIONAL),
        ("", "", K.UNKNOWN),
        ("*21#", "*21#", K.UNKNOWN),
    ],
)
def test_a_number_that_goes(digits: str, sent: str, kind: NumberKind) -> None:
    assert as_sent(digits, T.BOTH) == Number(sent, kind)
    assert as_sent(digits, T.RECEIVED) == as_sent(digits, T.NONE) == Number(digits)
