"""The words for script steps in scenario files: which keys each takes, and the step it becomes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from boardd.config.yamlfile import nearest_word
from boardd.contract.text import _
from hwsim.people.behaviour import Behaviour
from hwsim.people.draw import Draw
from hwsim.people.steps import (
    Answer,
    Dial,
    Flash,
    HangUp,
    Lift,
    Listen,
    Otherwise,
    Play,
    Send,
    Speak,
    Step,
    ToneStep,
    Wait,
    WaitFor,
)
from hwsim.scenario.draws import parse_draw

if TYPE_CHECKING:
    from hwsim.scenario.schema import ScriptSection, StepSection


class Do(StrEnum):
    """What a step does."""

    WAIT = "wait"
    WAIT_FOR = "wait_for"
    DIAL = "dial"
    SEND = "send"
    CHOOSE = "choose"
    SPEAK = "speak"
    PLAY = "play"
    ANSWER = "answer"
    FLASH = "flash"
    HANG_UP = "hang_up"
    LIFT = "lift"
    TONE = "tone"
    LISTEN = "listen"


# Keys that a step needs, and keys that it may have besides.
FIELDS: dict[Do, tuple[frozenset[str], frozenset[str]]] = {
    Do.WAIT: (frozenset({"s"}), frozenset()),
    Do.WAIT_FOR: (frozenset({"sound"}), frozenset({"timeout_s", "otherwise"})),
    Do.DIAL: (frozenset(), frozenset({"number", "timeout_s"})),
    Do.SEND: (frozenset({"digits"}), frozenset({"when", "after_s"})),
    Do.CHOOSE: (frozenset(), frozenset({"when", "after_s"})),
    Do.SPEAK: (frozenset({"s"}), frozenset()),
    Do.PLAY: (frozenset({"file"}), frozenset()),
    Do.ANSWER: (frozenset({"after_s"}), frozenset({"timeout_s", "greets"})),
    Do.FLASH: (frozenset(), frozenset({"ms"})),
    Do.HANG_UP: (frozenset(), frozenset()),
    Do.LIFT: (frozenset(), frozenset()),
    Do.TONE: (frozenset({"hz", "s"}), frozenset({"dbm0", "cadence_ms"})),
    Do.LISTEN: (frozenset({"s"}), frozenset({"silence_s"})),
}


def wrong_fields(do: Do, given: set[str]) -> list[tuple[str, str]]:
    """Key and explanation for each key that `do` does not take, and for each that it lacks."""
    needed, optional = FIELDS[do]
    wrong = []
    for key in sorted(given - needed - optional):
        near = nearest_word(key, needed | optional)
        hint = _(" (did you mean {nearest}?)").format(nearest=near) if near else ""
        wrong.append((key, _("not a key of {do}").format(do=do) + hint))
    return wrong + [("do", _("{do} needs {key}").format(do=do, key=key)) for key in sorted(needed - given)]


def behaviour_of(name: str, section: ScriptSection, folder: Path) -> Behaviour:
    """The behaviour that a script of the file describes; sound files are looked for in `folder`."""
    return Behaviour(
        name,
        tuple(step_of(step, folder) for step in section.steps),
        section.hang_up_when_cleared,
        parse_draw(section.reaction_s),
        parse_draw(section.longest_s),
    )


def _time(text: str) -> Draw | None:
    return parse_draw(text) if text else None


def step_of(section: StepSection, folder: Path) -> Step:
    """The step that a section describes; the schema has checked its keys."""
    timeout = _time(section.timeout_s)
    match section.do:
        case Do.WAIT:
            return Wait(parse_draw(section.s))
        case Do.WAIT_FOR if section.sound:
            return WaitFor(section.sound, timeout, section.otherwise or Otherwise.HANG_UP)
        case Do.DIAL:
            return Dial(section.number, timeout) if timeout else Dial(section.number)
        case Do.SEND | Do.CHOOSE:
            return Send(section.digits, section.when, _time(section.after_s))
        case Do.SPEAK:
            return Speak(parse_draw(section.s))
        case Do.PLAY if section.file:
            return Play(folder / section.file)
        case Do.ANSWER:
            return Answer(parse_draw(section.after_s), timeout, section.greets)
        case Do.FLASH:
            return Flash(300.0 if section.ms is None else section.ms)
        case Do.HANG_UP:
            return HangUp()
        case Do.LIFT:
            return Lift()
        case Do.TONE:
            return ToneStep(section.hz, parse_draw(section.s), section.dbm0, tuple(section.cadence_ms))
        case Do.LISTEN:
            return Listen(parse_draw(section.s), _time(section.silence_s))
        case _:
            raise ValueError(_("step {do} lacks a key").format(do=section.do))
