import numpy as np
import pytest
from lib_dtmf import code, peak

from boardd.media.detect.banks import Bank, Kind
from boardd.media.detect.fax import FaxListener, FaxTone


def tone(f_hz, ms, level_dbm0=-15):
    t = np.arange(int(ms * 8)) / 8000
    return peak(level_dbm0) * np.sin(2 * np.pi * f_hz * t + 0.3)


def gap(ms):
    return np.zeros(int(ms * 8))


def hear(*parts, snr_db=None):
    x = np.concatenate((gap(500), *parts, gap(500)))
    if snr_db:
        x += np.random.default_rng(1).normal(0, peak(-15) / np.sqrt(2) / 10 ** (snr_db / 20), len(x))
    listener = FaxListener()
    with Bank(Kind.FAX, 1) as bank:
        return [v for m in bank.run([code(x, "alaw")]) if (v := listener.take(m))]


@pytest.mark.parametrize(("f_hz", "level"), [(1100, -15), (1138, -30), (1062, -40)])
def test_cng_is_certain_with_its_second_burst(f_hz, level):
    told = hear(tone(f_hz, 500, level), gap(3000), tone(f_hz, 500, level))
    assert [(v.tone, v.certain) for v in told] == [(FaxTone.CNG, False), (FaxTone.CNG, True)]
    assert told[1].f_hz == pytest.approx(f_hz, abs=2) and told[1].level_dbm0 == pytest.approx(level, abs=0.5)
    assert told[1].bursts_ms == pytest.approx((500, 500), abs=25)
    assert told[1].period_ms == pytest.approx(3500, abs=20)


@pytest.mark.parametrize("parts", [(300,), (900,), (3000,)])
def test_a_burst_of_another_length_is_no_cng(parts):
    assert hear(*(tone(1100, ms) for ms in parts)) == []


def test_bursts_at_another_distance_stay_uncertain():
    told = hear(tone(1100, 500), gap(1000), tone(1100, 500))
    assert [v.certain for v in told] == [False, False]


@pytest.mark.parametrize("f_hz", [1030, 1170, 2050, 2160])
def test_other_frequencies_are_no_fax(f_hz):
    assert hear(tone(f_hz, 500), gap(3000), tone(f_hz, 3000)) == []


def test_ced_plain_reversed_and_modulated():
    t = np.arange(3300 * 8) / 8000
    reversed_ = peak(-15) * np.sin(2 * np.pi * 2100 * t + np.pi * np.floor(t / 0.45))
    for sound in (tone(2100, 3000), reversed_, reversed_ * (1 + 0.2 * np.sin(2 * np.pi * 15 * t))):
        (told,) = hear(sound, snr_db=20)
        assert (told.tone, told.certain) == (FaxTone.CED, True)
        assert told.f_hz == pytest.approx(2100, abs=3)


def test_speech_and_tunes_are_no_fax(speech, tune):
    with Bank(Kind.FAX, 2) as bank:
        assert not bank.run([speech, tune])
