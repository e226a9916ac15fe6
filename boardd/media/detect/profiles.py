"""Tone profiles: what the tones of a place are, as data (telephony facts R1, 1.1, 1.4).

A profile lists its tones. Each has a window for its frequency and, unless it is continuous, windows for the times of
its cadence. `CHINA` is GB 3380-1982 as exchanges follow it; a deviating exchange gets a profile from a recording
(`boardd.media.detect.learn`) or by hand, put before the plan with `with_tones`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from boardd.media.detect.sounds import Sound, Window

WATCHED = 4
"""Frequency bands that a lane can watch (det_limit of detect.h)."""
MAX_BAND_HZ = 84.0
"""A band wider than this cannot tell the sign of a deviation; two take its place."""
BAND_MARGIN_HZ = 7.0
TIME_TOLERANCE = 0.13
"""Cadences may be off by 10 % (GB 3380); noise and the coder add a little."""
TIME_MARGIN_MS = 8.0


class ProfileError(ConfigurationError):
    """A profile that cannot be watched for: too many frequencies, or a cadence of nothing."""


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone. An empty cadence is a continuous tone, known after `min_ms`, during a call after `min_call_ms`: notes
    of music are held too, but not so long.

    `cycles`: rounds of the cadence that must be heard, the last pause not counted; with one round its pause must have
    lasted for half of its least time. `even`: rounds may differ by a tenth at most, and by 10 Hz (a learned tone has
    narrow windows instead); a continuous tone keeps its level and its frequency.
    """

    name: str
    sound: Sound
    f_hz: Window
    cadence: tuple[tuple[Window, Window], ...] = ()
    cycles: int = 3
    min_ms: float = 1300
    min_call_ms: float = 5000
    even: bool = True
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ToneProfile:
    """The tones of a place; of two that fit, the earlier one counts."""

    name: str
    tones: tuple[Tone, ...]

    def with_tones(self, name: str, *tones: Tone) -> ToneProfile:
        """These tones before ours; ours of the same name go."""
        names = {tone.name for tone in tones}
        return ToneProfile(name, (*tones, *(tone for tone in self.tones if tone.name not in names)))

    def with_cycles(self, cycles: int) -> ToneProfile:
        """More certain or quicker: rounds of busy and congestion tones before they count (3; 4 to 8 is safer)."""
        ends = (Sound.BUSY, Sound.CONGESTION)
        return replace(
            self,
            tones=tuple(replace(tone, cycles=cycles) if tone.sound in ends else tone for tone in self.tones),
        )

    def bands(self) -> tuple[tuple[float, float], ...]:
        """(middle, tolerance) of the bands to watch, in Hz. Raises ProfileError."""
        merged: list[tuple[float, float]] = []
        for low, high in sorted(
            (tone.f_hz.low - BAND_MARGIN_HZ, tone.f_hz.high + BAND_MARGIN_HZ) for tone in self.tones
        ):
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        bands: list[tuple[float, float]] = []
        for low, high in merged:
            parts = int((high - low) // MAX_BAND_HZ) + 1
            width = (high - low) / parts
            bands += [(low + width * (i + 0.5), width / 2 + (1 if parts > 1 else 0)) for i in range(parts)]
        if len(bands) > WATCHED:
            text = _("tone profile {name}: {count} frequency bands, at most {most} can be watched: {bands}")
            listed = ", ".join(f"{middle - half:.0f}-{middle + half:.0f} Hz" for middle, half in bands)
            raise ProfileError(text.format(name=self.name, count=len(bands), most=WATCHED, bands=listed))
        return tuple(bands)

    def options(self) -> dict[str, list[float]]:
        """What a progress bank is set to for this profile."""
        bands = list(self.bands()) + [(0.0, 0.0)] * WATCHED
        return {
            "f_hz": [middle for middle, _half in bands[:WATCHED]],
            "tolerance_hz": [half for _middle, half in bands[:WATCHED]],
        }


def around(nominal: float, tolerance: float = TIME_TOLERANCE, margin: float = TIME_MARGIN_MS) -> Window:
    """A window about a nominal time."""
    return Window(nominal * (1 - tolerance) - margin, nominal * (1 + tolerance) + margin)


def cadence(*on_off_ms: float) -> tuple[tuple[Window, Window], ...]:
    """Windows for on, off, on, off … as a plan gives them."""
    if not on_off_ms or len(on_off_ms) % 2 or min(on_off_ms) <= 0:
        raise ProfileError(_("a cadence is pairs of on and off times, not {times}").format(times=list(on_off_ms)))
    return tuple((around(on), around(off)) for on, off in zip(on_off_ms[::2], on_off_ms[1::2], strict=True))


_F450 = Window(420, 480)
"""450 ± 25 Hz, and what noise adds."""
_F950 = Window(895, 1005)

CHINA = ToneProfile(
    "china",
    (
        Tone("busy", Sound.BUSY, _F450, cadence(350, 350), origin="GB 3380"),
        Tone("congestion", Sound.CONGESTION, _F450, cadence(700, 700), origin="GB 3380"),
        Tone("unobtainable", Sound.UNOBTAINABLE, _F450, cadence(100, 100, 100, 100, 100, 100, 400, 400), cycles=2),
        Tone("ring_back", Sound.RING_BACK, _F450, cadence(1000, 4000), cycles=1, origin="GB 3380"),
        Tone("special_dial_tone", Sound.SPECIAL_DIAL_TONE, _F450, cadence(400, 40)),
        Tone("dial_tone", Sound.DIAL_TONE, _F450, origin="GB 3380"),
        Tone("howler", Sound.HOWLER, _F950, min_ms=3000, even=False),
        Tone("long_distance", Sound.NOTICE, _F450, cadence(200, 200, 200, 600), cycles=2),
        Tone("call_waiting", Sound.NOTICE, _F450, cadence(400, 4000), cycles=2),
        Tone("record_warning", Sound.NOTICE, _F950, cadence(400, 10_000), cycles=2),
    ),
)
"""Telephony facts 1.1. Three-party reminders at 1400 Hz are left out: no band is spent on them."""
