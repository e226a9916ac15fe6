"""DAHDI cards in a site file: the entries of `machine.cards` whose model is one of `models.MODELS`.

Options of an E1 say how its far end, the carrier, is set up; what the card itself is told comes from its driver.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from boardd.config.schema import Section, decode
from boardd.config.yamlfile import Node, Problem, nearest_word
from boardd.contract.text import _
from hwsim.line.digital import BEARER_SLOTS
from hwsim.signalling.pri_profile import TIMERS, PriProfile
from hwsim.signalling.q931_events import NumberPlan
from hwsim.signalling.r2_profile import LOCAL_LENGTHS, KbMap, R2Profile
from hwsim.vendorlibs.dahdi.cards import MODULES, CardPlan, CardSignalling, E1Plan
from hwsim.vendorlibs.dahdi.models import MODELS, Model

MAX_PPM = 200
KA = (1, 2, 3, 4, 5, 8, 10)
CD_BITS = ("11", "01", "10")
DIRECTIONS = ("in", "out")


class Clocks(StrEnum):
    """Where the far end of an E1 takes its clock from."""

    MASTER = "master"
    SLAVE = "slave"


class Plan(StrEnum):
    """Type and plan of numbers in Q.931 messages."""

    UNKNOWN = "unknown"
    UNKNOWN_E164 = "unknown_e164"
    SUBSCRIBER = "subscriber"
    NATIONAL = "national"
    INTERNATIONAL = "international"


class PriSection(Section):
    """How the far end of a PRI is set up; `timers_ms` by their names (T302, T309, N200 …)."""

    called_plan: Plan = Plan.UNKNOWN_E164
    caller_plan: Plan = Plan.UNKNOWN_E164
    exclusive: bool = True
    overlap: bool = True
    alerting_in_band: bool = True
    restarts: bool = False
    alarm_hold_s: float = 5.0
    timers_ms: dict[str, int] = {}

    def problems(self, node: Node) -> list[Problem]:
        """Timers that the stack does not have."""
        where = _below(node, "timers_ms")
        found = [] if 0 <= self.alarm_hold_s <= 3600 else [_below(node, "alarm_hold_s").problem(_("must be 0 to 3600"))]
        for name, ms in self.timers_ms.items():
            if name not in TIMERS:
                found.append(_below(where, name).problem(_("there is no such timer"), nearest_word(name, TIMERS)))
            elif not 0 < ms <= 3_600_000:
                found.append(_below(where, name).problem(_("must be 1 to 3600000")))
        return found

    def profile(self) -> PriProfile:
        """As the stack wants it."""
        return PriProfile(
            called_plan=NumberPlan[self.called_plan.name],
            caller_plan=NumberPlan[self.caller_plan.name],
            exclusive=self.exclusive,
            overlap=self.overlap,
            alerting_in_band=self.alerting_in_band,
            restarts=self.restarts,
            alarm_hold_ms=round(self.alarm_hold_s * 1000),
            timers=dict(self.timers_ms),
        )


class R2Section(Section):
    """How the far end of a No.1 trunk is set up; `called_lengths` replaces the usual lengths of numbers in China."""

    direction: dict[str, str] = {}
    cd_bits: str = "11"
    ka: int = 1
    kd: int = 3
    kb: KbMap = KbMap.TOLL
    free_kb: int = 1
    max_caller_digits: int = 20
    called_lengths: dict[str, int] = {}
    refused_in_a: dict[str, int] = {}
    clear_back_s: float = 0.0
    seize_ack_s: float = 2.0
    answer_s: float = 60.0
    register_s: float = 5.0
    alarm_hold_s: float = 5.0

    def problems(self, node: Node) -> list[Problem]:
        """Signals that do not exist, lengths that no number has, negative times."""
        found = []
        if self.cd_bits not in CD_BITS:
            found.append(_below(node, "cd_bits").problem(_("must be {words}").format(words=", ".join(CD_BITS))))
        found += _directions(self.direction, _below(node, "direction"))
        whole = (("ka", KA), ("kd", range(1, 7)), ("free_kb", (1, 6)), ("max_caller_digits", range(21)))
        for key, allowed in whole:
            if getattr(self, key) not in allowed:
                found.append(_below(node, key).problem(_("must be {allowed}").format(allowed=_words(allowed))))
        for prefix, length in self.called_lengths.items():
            if not (prefix.isdigit() or not prefix) or not 1 <= length <= 20 or len(prefix) > 11:
                where = _below(_below(node, "called_lengths"), prefix)
                found.append(where.problem(_("a prefix is up to 11 digits, a length 1 to 20")))
        for prefix, signal in self.refused_in_a.items():
            if signal not in (4, 5) or not prefix.isdigit():
                where = _below(_below(node, "refused_in_a"), prefix)
                found.append(where.problem(_("a beginning of numbers → 4 (congestion) or 5 (unallocated)")))
        for key in ("clear_back_s", "seize_ack_s", "answer_s", "register_s", "alarm_hold_s"):
            if not 0 <= getattr(self, key) <= 3600:
                found.append(_below(node, key).problem(_("must be 0 to 3600")))
        return found

    def profile(self) -> R2Profile:
        """As the lines want it."""
        return R2Profile(
            max_ani=self.max_caller_digits,
            ka=self.ka,
            kd=self.kd,
            cd=int(self.cd_bits, 2),
            in_only=_slots(self.direction.get("in", "")),
            out_only=_slots(self.direction.get("out", "")),
            kb=self.kb,
            free_kb=self.free_kb,
            called_lengths=dict(self.called_lengths or LOCAL_LENGTHS),
            refused_in_a=dict(self.refused_in_a),
            clear_back_ms=round(self.clear_back_s * 1000),
            seize_ack_ms=round(self.seize_ack_s * 1000),
            answer_ms=round(self.answer_s * 1000),
            digit_timeout_ms=round(self.register_s * 1000),
            alarm_hold_ms=round(self.alarm_hold_s * 1000),
        )


class E1Section(Section):
    """One E1. `signalling` is the card's role. `clock`: of the far end; none: a carrier and R2 lead, a PBX follows."""

    signalling: CardSignalling
    crc4: bool = True
    clock: Clocks | None = None
    far_ppm: float = 0.0
    card_ppm: float = 0.0
    pri: PriSection | None = None
    r2: R2Section | None = None

    def problems(self, node: Node) -> list[Problem]:
        """Options of the other signalling, and clocks that no oscillator has."""
        stranger = "pri" if self.signalling is CardSignalling.R2 else "r2"
        found = []
        if getattr(self, stranger) is not None:
            found.append(
                _below(node, stranger).problem(
                    _("does not go with signalling {signalling}").format(signalling=self.signalling)
                )
            )
        for key in ("far_ppm", "card_ppm"):
            if abs(getattr(self, key)) > MAX_PPM:
                found.append(
                    _below(node, key).problem(_("must be {least} to {most}").format(least=-MAX_PPM, most=MAX_PPM))
                )
        return found

    def plan(self) -> E1Plan:
        """As the machine is built from it."""
        clock = self.clock or (Clocks.SLAVE if self.signalling is CardSignalling.PRI_NET else Clocks.MASTER)
        return E1Plan(
            self.signalling,
            self.crc4,
            clock is Clocks.MASTER,
            self.far_ppm,
            self.card_ppm,
            self.pri.profile() if self.pri else PriProfile(),
            self.r2.profile() if self.r2 else R2Profile(),
        )


class DahdiCardSection(Section):
    """A card of the DAHDI family."""

    model: str
    name: str = ""
    serial: str = ""
    spans: list[E1Section] = []
    ports: str = ""

    def problems(self, node: Node) -> list[Problem]:
        """Spans or ports that the model does not have, modules that do not fit."""
        known = MODELS[self.model]
        if known.analog and self.spans:
            return [
                _below(node, "spans").problem(
                    _("{model} has {ports} analogue ports and no E1").format(model=known.name, ports=known.ports)
                )
            ]
        if not known.analog and self.ports:
            return [
                _below(node, "ports").problem(
                    _("{model} has {spans} E1 and no analogue ports").format(model=known.name, spans=known.spans)
                )
            ]
        if self.spans and len(self.spans) != known.spans:
            return [
                _below(node, "spans").problem(
                    _("{model} has {spans} E1, not {given}").format(
                        model=known.name, spans=known.spans, given=len(self.spans)
                    )
                )
            ]
        if len(self.ports) > known.ports:
            return [
                _below(node, "ports").problem(
                    _("{model} has {ports} ports, not {given}").format(
                        model=known.name, ports=known.ports, given=len(self.ports)
                    )
                )
            ]
        wrong = [letter for letter in self.ports.upper() if letter not in (*known.modules, "-")]
        if wrong:
            kinds = ", ".join(f"{letter} ({MODULES[letter].upper()})" for letter in known.modules)
            return [
                _below(node, "ports").problem(
                    _("unknown module {wrong}: use {kinds}, - (empty)").format(wrong=wrong[0], kinds=kinds)
                )
            ]
        return []


def card_plan(node: Node, known: Model, number: int) -> CardPlan:
    """An entry of `machine.cards` for a model of this family. Raises ConfigProblemsError with all problems."""
    section = decode(node, DahdiCardSection)
    e1 = section.spans or [msgspec.convert({"signalling": "pri_user"}, E1Section)] * known.spans
    return CardPlan(
        section.name or f"card{number}",
        known,
        section.serial or f"{known.name}-{number:04d}",
        [span.plan() for span in e1],
        section.ports.upper() or _usual(known),
    )


def _usual(known: Model) -> str:
    """Modules of a card that the file does not describe: the first half lines of the exchange, the rest telephones."""
    if "S" not in known.modules:
        return "O" * known.ports
    trunks = known.ports - known.ports // 2
    return "O" * trunks + "S" * (known.ports - trunks)


def _slots(text: str) -> frozenset[int]:
    """Timeslots `1-15,17`. Raises ValueError."""
    found: set[int] = set()
    for part in filter(None, text.replace(" ", "").split(",")):
        first, _, last = part.partition("-")
        wanted = set(range(int(first), int(last or first) + 1)) - {16}
        if not wanted or not wanted <= set(BEARER_SLOTS):
            raise ValueError(part)
        found |= wanted
    return frozenset(found)


def _directions(given: dict[str, str], node: Node) -> list[Problem]:
    found: list[Problem] = []
    taken: set[int] = set()
    for word, text in given.items():
        where = _below(node, word)
        try:
            slots = _slots(text)
        except ValueError as error:
            found.append(where.problem(_("not timeslots: {error} (for example: 1-15, 17)").format(error=error)))
            continue
        if word not in DIRECTIONS:
            found.append(where.problem(_("must be in or out"), nearest_word(word, DIRECTIONS)))
        elif taken & slots:
            found.append(where.problem(_("the same timeslot in both directions")))
        taken |= slots
    return found


def _below(node: Node, key: str) -> Node:
    return node.value.get(key, node) if isinstance(node.value, dict) else node


def _words(allowed: range | tuple[int, ...]) -> str:
    if isinstance(allowed, range):
        return f"{allowed.start} to {allowed.stop - 1}"
    return f"{', '.join(str(value) for value in allowed[:-1])} or {allowed[-1]}"
