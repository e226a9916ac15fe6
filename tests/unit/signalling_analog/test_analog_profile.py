import pytest

from boardd.contract.errors import ConfigurationError
from boardd.signalling.analog import FxoProfile, StationProfile
from boardd.signalling.analog.dtmf_number import DtmfNumber, read_dtmf_number


def test_changes_are_read_on_top_of_a_base() -> None:
    base = FxoProfile.parse("guard_ms=1500, answer_by_voice=no")
    found = FxoProfile.parse("pulse=yes", base)
    assert (found.guard_ms, found.answer_by_voice, found.pulse) == (1500, False, True)
    assert FxoProfile.parse("") == FxoProfile()
    assert StationProfile.parse("flash_max_ms=1000").flash_max_ms == 1000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no_such=1", "no_such is unknown"),
        ("guard_ms=soon", "whole number"),
        ("pulse=perhaps", "yes or no"),
        ("guard_ms", "whole number"),
    ],
)
def test_wrong_words_are_named_with_their_key(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        FxoProfile.parse(text, key="settings.fxo")
    assert words in error.value.message and "settings.fxo" in error.value.message


@pytest.mark.parametrize(
    ("digits", "found"),
    [
        ("D13800138000C", DtmfNumber("13800138000")),
        ("D13800138000", DtmfNumber("13800138000", complete=False)),
        ("A057188888888#", DtmfNumber("057188888888")),
        ("8001C", DtmfNumber("8001")),
        ("B10C", DtmfNumber("", "P")),
        ("D2#", DtmfNumber("", "O")),
        ("D1C", DtmfNumber("1")),
        ("12", None),
        ("DC", None),
        ("C", None),
        ("", None),
        ("1D2A3", None),
    ],
)
def test_forms_of_dtmf_numbers(digits: str, found: DtmfNumber | None) -> None:
    assert read_dtmf_number(digits) == found
