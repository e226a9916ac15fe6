"""The listeners under judgement, many lanes at once: sound in, verdicts out with the sample at which they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from boardd.media.detect.banks import BLOCK, Bank, Kind
from boardd.media.detect.listener import Listener
from boardd.media.detect.profiles import CHINA, ToneProfile
from boardd.media.detect.sounds import Verdict


@dataclass(frozen=True)
class Came:
    """A verdict, and how many samples had been heard when it came."""

    sample: int
    verdict: Verdict


def listen(sounds: Sequence[np.ndarray], profile: ToneProfile = CHINA, *, in_call: bool = False) -> list[list[Came]]:
    """The verdicts on each sound."""
    return listen_as(sounds, profile, (in_call,))[0]


def listen_as(sounds: Sequence[np.ndarray], profile: ToneProfile, in_calls: Sequence[bool]) -> list[list[list[Came]]]:
    """The same for listeners before and in a call, which share the measuring: verdicts by listener, by sound."""
    came: list[list[list[Came]]] = [[[] for _ in sounds] for _ in in_calls]
    listeners = [[Listener(profile) for _ in sounds] for _ in in_calls]
    lanes_all = range(len(sounds))
    for in_call, row in zip(in_calls, listeners, strict=True):
        for listener in row if in_call else ():
            listener.in_call()
    with Bank(Kind.PROGRESS, len(sounds)) as tones, Bank(Kind.VOICE, len(sounds)) as voices:
        for lane in lanes_all:
            tones.set(lane, profile.options())
        raw = [sound.tobytes() for sound in sounds]
        for at in range(0, max(map(len, raw)) - 2 * BLOCK + 1, 2 * BLOCK):
            lanes = [lane for lane in lanes_all if at + 2 * BLOCK <= len(raw[lane])]
            block = [raw[lane][at : at + 2 * BLOCK] for lane in lanes]
            for measured in (*tones.feed(lanes, block), *voices.feed(lanes, block)):
                for row, told in zip(listeners, came, strict=True):
                    for verdict in row[measured.lane].take(measured):
                        told[measured.lane].append(Came(at // 2 + BLOCK, verdict))
    return came
