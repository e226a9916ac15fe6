"""Builds the exchange that a scenario describes, on the lines and spans of a machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from boardd.config.yamlfile import ConfigProblemsError, Problem
from boardd.contract.text import _
from hwsim.exchange.announcer import Announcement
from hwsim.exchange.exchange import Exchange, ExchangeOptions, ServiceNumber
from hwsim.exchange.line_circuit import LineOptions, LineSound
from hwsim.exchange.numbering import NumberForm, NumberingPlan, NumberRange
from hwsim.exchange.party import Party
from hwsim.exchange.release import Holding
from hwsim.exchange.ringer import RingOptions
from hwsim.exchange.timers import ExchangeTimers
from hwsim.exchange.tones import PLANS, Tone, ToneKind, TonePlan, deviate
from hwsim.exchange.trunk_circuit import CircuitOptions
from hwsim.kernel.sim import Sim
from hwsim.line.analog import AnalogLine
from hwsim.line.digital import Circuit, Span
from hwsim.line.feed import FEEDS
from hwsim.scenario.file import Scenario
from hwsim.scenario.names import expand, kind_of
from hwsim.scenario.schema import ExchangeSection, GroupSection, LineSection, TimersSection, ToneSection


class Machine(Protocol):
    """The outside of the simulated machine: lines named `card/port`, spans named `card/span`."""

    @property
    def analog_lines(self) -> Mapping[str, AnalogLine]:
        """The pairs at FXO, FXS and tap ports."""

    @property
    def spans(self) -> Mapping[str, Span]:
        """The E1s; circuits are named `card/span/timeslot`."""

    def of_kind(self, kind: str) -> list[str]:
        """Names of all lines at `fxo`, `fxs` or `tap` ports, or of all circuits of E1s (`e1`); see names.KINDS."""


def build_exchange(sim: Sim, machine: Machine, scenario: Scenario) -> Exchange:
    """The exchange with all its groups. Raises ConfigProblemsError when lines or circuits do not exist."""
    section = scenario.file.exchange
    exchange = Exchange(sim, _options(section))
    problems: list[Problem] = []
    for index, group in enumerate(section.groups):
        try:
            _add_group(exchange, machine, group)
        except ValueError as error:
            key = "lines" if group.lines else "circuits"
            problems.append(scenario.at("exchange", "groups", index, key).problem(str(error)))
    for service in section.service_numbers:
        exchange.add_service_number(service.number, ServiceNumber(service.leads_to, service.shown))
    if problems:
        raise ConfigProblemsError(problems)
    return exchange


def _options(section: ExchangeSection) -> ExchangeOptions:
    return ExchangeOptions(
        NumberingPlan(section.area_code, section.local_digits, tuple(section.local_mobiles)),
        _plan(PLANS[section.tone_plan], section.tones),
        _timers(section.timers),
        {a.cause: Announcement(round(a.speech_s * 1000), a.then_tone) for a in section.announcements},
        datetime.fromisoformat(section.start),
    )


def _plan(plan: TonePlan, changes: Mapping[str, ToneSection]) -> TonePlan:
    return deviate(
        plan,
        {
            ToneKind(name): Tone(tone.hz, tone.level_dbm0, cadence_ms=tuple(tone.cadence_ms))
            for name, tone in changes.items()
        },
    )


def _timers(section: TimersSection) -> ExchangeTimers:
    def ms(seconds: float) -> int:
        return round(seconds * 1000)

    return ExchangeTimers(
        no_dial_ms=ms(section.no_dial_s),
        inter_digit_ms=ms(section.inter_digit_s),
        overlap_ms=ms(section.overlap_s),
        no_answer_ms=ms(section.no_answer_s),
        no_answer_national_ms=ms(section.no_answer_national_s),
        no_answer_international_ms=ms(section.no_answer_international_s),
        setup_ms=ms(section.setup_s),
        routing_ms=ms(section.routing_s),
        busy_tone_ms=ms(section.busy_tone_s),
        howler_ms=ms(section.howler_s),
        span_hold_ms=ms(section.span_hold_s),
    )


def _add_group(exchange: Exchange, machine: Machine, group: GroupSection) -> None:
    ranges = [NumberRange.parse(text) for text in group.numbers]
    if not any(_names(machine, pattern, None) for pattern in (*group.lines, *group.circuits)):
        return  # `kind:e1` in a machine without an E1: its numbers are unallocated
    members = _line_members(exchange, machine, group) if group.lines else _circuit_members(exchange, machine, group)
    exchange.add_group(group.name, members, ranges, group.order)


def _names(machine: Machine, pattern: str, known: Iterable[str] | None) -> list[str]:
    """What a pattern of a group means. Without `known`, names are taken as they are."""
    kind = kind_of(pattern)
    if kind:
        return machine.of_kind(kind)
    return [pattern] if known is None else expand(pattern, known)


def _line_members(exchange: Exchange, machine: Machine, group: GroupSection) -> list[Party]:
    names = [name for pattern in group.lines for name in _names(machine, pattern, machine.analog_lines)]
    own = [number for text in group.line_numbers for number in NumberRange.parse(text).all()]
    if own and len(own) != len(names):
        raise ValueError(_("{lines} lines, but line_numbers has {numbers}").format(lines=len(names), numbers=len(own)))
    first = NumberRange.parse(group.numbers[0]).first if group.numbers else ""
    members: list[Party] = []
    for index, name in enumerate(names):
        if name in exchange.lines:
            raise ValueError(_("{name} is in another group already").format(name=name))
        number = own[index] if own else first
        options = _line_options(exchange, group.line, number, group.caller_form)
        members.append(exchange.add_line(machine.analog_lines[name], options, direct=bool(own)))
    return members


def _line_options(exchange: Exchange, section: LineSection, number: str, caller_form: NumberForm) -> LineOptions:
    ring = RingOptions(
        section.ring_on_ms,
        section.ring_off_ms,
        section.caller_id,
        section.dtmf_start,
        section.dtmf_stop,
        section.bad_checksum_first,
        section.caller_id_dbm0,
        section.caller_id_absent,
    )
    plan = PLANS[section.tone_plan] if section.tone_plan else exchange.tones
    return LineOptions(
        number=number,
        ring=ring,
        reversal=section.reversal,
        dial_tone_delay_ms=section.dial_tone_delay_ms,
        dial_tone=section.dial_tone,
        on_hook_ms=section.on_hook_ms,
        clear_delay_ms=section.clear_delay_s * 1000,
        busy_tone=section.busy_tone,
        calls_end=Holding(section.release, section.reanswer_s * 1000),
        caller_form=caller_form,
        tones=_plan(plan, section.tones) if section.tones or section.tone_plan else None,
        feed=FEEDS[section.feed],
        sound=LineSound(section.loss_db, section.noise_dbm0, section.echo_db, section.echo_ms),
        seizure_reversal_ms=section.seizure_reversal_ms,
    )


def _circuit_members(exchange: Exchange, machine: Machine, group: GroupSection) -> list[Party]:
    circuits: dict[str, tuple[Span, Circuit]] = {
        circuit.name: (span, circuit) for span in machine.spans.values() for circuit in span.circuits.values()
    }
    first = NumberRange.parse(group.numbers[0]).first if group.numbers else ""
    options = CircuitOptions(
        digits_sent=group.digits_sent,
        caller_number=group.caller_number or first,
        screening=group.screening,
        caller_form=group.caller_form,
        overlap=group.overlap,
        digit_gap_ms=round(group.digit_gap_s * 1000),
        inband_failure_ms=round(group.inband_failure_s * 1000),
        inband_failure=group.inband_failure,
    )
    members: list[Party] = []
    for pattern in group.circuits:
        for name in _names(machine, pattern, circuits):
            if name in exchange.circuits:
                raise ValueError(_("{name} is in another group already").format(name=name))
            members.append(exchange.add_circuit(*circuits[name], options))
    return members
