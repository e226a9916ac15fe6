"""Tones of exchanges that deviate from the plan (facts 1.4): `tones` of the settings, by exchange line.

    an/8 busy=420:200/200 dial_tone=425; an/1? busy=/etc/boardd/busy.wav

A tone is HZ (continuous), HZ:ON/OFF or HZ:ON/OFF/ON/OFF … in ms, or a recording to learn it from: A-law, mu-law or
16-bit WAVE of 8 kHz, or raw A-law, with some rounds of the tone in it. The plan's own tones stay known beside it.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from pathlib import Path

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from boardd.media.detect.learn import learn_file
from boardd.media.detect.profiles import CHINA, Tone, ToneProfile, cadence
from boardd.media.detect.sounds import Sound, Window
from boardd.media.wav import WavError

SOUNDS = (
    Sound.DIAL_TONE,
    Sound.SPECIAL_DIAL_TONE,
    Sound.RING_BACK,
    Sound.BUSY,
    Sound.CONGESTION,
    Sound.UNOBTAINABLE,
    Sound.HOWLER,
    Sound.NOTICE,
)
TOLERANCE_HZ = 20.0
LEAST_HZ, MOST_HZ = 250, 3000


def tone_profiles(text: str, lines: Iterable[str]) -> dict[str, ToneProfile]:
    """The profile of each of these lines that has one of its own. Reads recordings, so not for the loop.

    Raises ConfigurationError that names the item.
    """
    rules: list[tuple[str, list[Tone]]] = []
    for item in filter(None, (part.strip() for part in text.split(";"))):
        pattern, *words = item.split()
        if not words:
            what = _("settings.tones: {item}: expected LINE tone=HZ:ON/OFF … or LINE tone=/a/recording")
            raise ConfigurationError(what.format(item=item), key="tones")
        rules.append((pattern, [_tone(word) for word in words]))
    found: dict[str, ToneProfile] = {}
    for line in lines:
        tones = [tone for pattern, own in rules if fnmatch.fnmatchcase(line, pattern) for tone in own]
        if tones:
            found[line] = CHINA.with_tones(line, *tones)
            found[line].bands()
    return found


def _tone(word: str) -> Tone:
    name, equals, value = word.partition("=")
    if not equals or name not in list(SOUNDS):
        what = _("settings.tones: {text}: expected TONE=…; tones are {names}")
        raise ConfigurationError(what.format(text=word, names=", ".join(SOUNDS)), key="tones")
    sound = Sound(name)
    if value.startswith("/"):
        return _learned(sound, Path(value))
    hertz, _colon, times = value.partition(":")
    on_off = times.split("/") if times else []
    if not all(part.isdigit() for part in (hertz, *on_off)) or not LEAST_HZ <= int(hertz) <= MOST_HZ:
        what = _("settings.tones: {text}: expected HZ ({least} to {most}), HZ:ON/OFF in ms, or the path of a recording")
        raise ConfigurationError(what.format(text=word, least=LEAST_HZ, most=MOST_HZ), key="tones")
    window = Window(int(hertz) - TOLERANCE_HZ, int(hertz) + TOLERANCE_HZ)
    if not on_off:
        return Tone(f"{name}_here", sound, window, origin="settings")
    # As in the plan: one round of ring-back tone is enough, long cadences are known with their second.
    cycles = 1 if sound is Sound.RING_BACK else 2 if len(on_off) > 2 else 3
    return Tone(f"{name}_here", sound, window, cadence(*map(int, on_off)), cycles=cycles, origin="settings")


def _learned(sound: Sound, path: Path) -> Tone:
    try:
        return learn_file(path, sound, f"{sound}_here").tone
    except (OSError, WavError, ConfigurationError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        what = _("settings.tones: {path}: {reason}")
        raise ConfigurationError(what.format(path=path, reason=reason), key="tones") from error
