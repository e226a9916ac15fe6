"""How a trunk speaks No.1: everything that carriers set up differently is data (facts R1, R6, 4.1 to 4.3).

`china.yaml` beside this file is the default, complete and commented; a trunk's own file needs only what differs.
Times are in ms. 0 switches a rule off where the field says so.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from msgspec import field

from boardd.config.schema import Section, decode
from boardd.config.yamlfile import Node, Problem, load_tree, parse_tree
from boardd.contract.text import _
from boardd.signalling.mfcr2.signals import FREE_MEANINGS, KA_TEXTS, Meaning

A, B = Meaning, Meaning
GROUP_A_MEANINGS = frozenset(
    {A.NEXT, A.FIRST, A.PREVIOUS, A.GROUP_B, A.CALLER, A.CONGESTION, A.UNALLOCATED, A.BUSY, A.SPARE}
)
GROUP_B_MEANINGS = FREE_MEANINGS | {B.BUSY, B.BUSY_TOLL, B.CONGESTION, B.UNALLOCATED, B.SPARE}
NEEDED = (A.NEXT, A.GROUP_B)


def _map(*meanings: Meaning) -> dict[str, Meaning]:
    return {str(number): meaning for number, meaning in enumerate(meanings, 1)}


class Pulses(StrEnum):
    """What short backward pulses during a conversation are."""

    NONE = "none"
    """There are none: a change is clear back at once."""
    IGNORE = "ignore"
    COUNT = "count"


class LineRules(Section):
    """Line signals. `forced_release`: send 0011 when a caller does not clear; else only an alarm."""

    c_bit: int = 1
    persistence_ms: int = 20
    seize_ack_ms: int = 2000
    seize_hold_ms: int = 100
    """Double seizure: our seizure stays at least so long, for the far end to see it."""
    answer_delay_ms: int = 250
    """The end of KB free until the answer. Line signals are at once, while a far end may have 160 ms of our last signal
    waiting in its card and takes up to 80 ms to find that it has ended; not all look at what the line says by then."""
    release_ms: int = 10_000
    """Our clear forward until the far end shows idle; then the circuit is reported stuck."""
    clear_back_wait_ms: int = 0
    """Clear back heard until we clear forward; within it the called party may answer again. 0: clear at once."""
    clear_forward_ms: int = 90_000
    """We have cleared back, or refused, until the caller's clear forward; then the circuit is reported stuck."""
    forced_release: bool = False
    pulses: Pulses = Pulses.IGNORE
    pulse_ms: int = 400
    """A pulse is at most so long; longer is clear back."""
    suspect_ms: int = 60_000
    """A circuit whose seizure was not acknowledged is tried again after so long, then twice as long, …"""
    suspect_most_ms: int = 900_000

    def problems(self, node: Node) -> list[Problem]:
        """See Section."""
        return _positive(self, node, ("persistence_ms", "seize_ack_ms", "release_ms", "clear_forward_ms"))


class CalledRules(Section):
    """The called number of incoming calls. There is no tone that ends it: a length by its beginning, or a time-out.

    `lengths`: first digits -> number of digits; the longest beginning decides; "" is every number.
    """

    lengths: dict[str, int] = {}
    longest: int = 20
    gap_ms: int = 3000
    """No more digits for so long: the number is complete."""

    def problems(self, node: Node) -> list[Problem]:
        """See Section."""
        found = _positive(self, node, ("longest", "gap_ms"))
        for prefix, length in self.lengths.items():
            if (prefix and not prefix.isdecimal()) or not max(1, len(prefix)) <= length <= self.longest:
                what = _("a number that begins with {prefix} cannot have {length} digits (1 to {longest})")
                where = _at(node, "lengths", prefix)
                found.append(where.problem(what.format(prefix=prefix or '""', length=length, longest=self.longest)))
        return found


class CallerRules(Section):
    """The caller's number, both ways."""

    ask: bool = True
    """Incoming: send A6."""
    after_digits: int = 0
    """Incoming: ask after so many called digits; 0: when the called number is complete."""
    longest: int = 20
    gap_ms: int = 3000
    """Incoming: no more digits and no I-15 for so long: the number is complete."""
    end: bool = True
    """Outgoing: send I-15 after the last digit; else wait for the far end's time-out."""
    ka: int = 1
    """Outgoing: the category we send when the call names none."""

    def problems(self, node: Node) -> list[Problem]:
        """See Section."""
        found = _positive(self, node, ("longest", "gap_ms"))
        if self.ka not in KA_TEXTS:
            known = ", ".join(str(ka) for ka in sorted(KA_TEXTS))
            what = _("KA must be one of {choices}, not {value}")
            found.append(_at(node, "ka").problem(what.format(choices=known, value=self.ka)))
        return found


class Groups(Section):
    """What backward signals mean. Group B has two maps: KD says which one a call uses.

    Keys are signal numbers, values meanings. What we send for a meaning is its lowest number.
    """

    a: dict[str, Meaning] = field(
        default_factory=lambda: _map(A.NEXT, A.FIRST, A.GROUP_B, A.CONGESTION, A.UNALLOCATED, A.CALLER)
    )
    b_local: dict[str, Meaning] = field(
        default_factory=lambda: _map(B.FREE, B.SPARE, B.SPARE, B.BUSY, B.UNALLOCATED, B.FREE_CALLER_CONTROL)
    )
    b_toll: dict[str, Meaning] = field(
        default_factory=lambda: _map(B.FREE, B.BUSY, B.BUSY_TOLL, B.CONGESTION, B.UNALLOCATED, B.SPARE)
    )
    local_kd: list[int] = field(default_factory=lambda: [3, 4])
    """KD values of calls that use `b_local`; all others use `b_toll`."""
    kd: int = 3
    """KD that we send."""
    caller_control: bool = False
    """Free is sent as "caller controls release" where the map has it."""

    def problems(self, node: Node) -> list[Problem]:
        """See Section."""
        found: list[Problem] = []
        for name, allowed in (("a", GROUP_A_MEANINGS), ("b_local", GROUP_B_MEANINGS), ("b_toll", GROUP_B_MEANINGS)):
            for number, meaning in getattr(self, name).items():
                where = _at(node, name, number)
                if not number.isdecimal() or not 1 <= int(number) <= 15:
                    found.append(where.problem(_("a backward signal is 1 to 15, not {value}").format(value=number)))
                if meaning not in allowed:
                    what = _("{meaning} is no meaning of this group").format(meaning=meaning)
                    found.append(where.problem(what))
        missing = [str(m) for m in NEEDED if m not in self.a.values()]
        if missing:
            found.append(_at(node, "a").problem(_("no signal for {names}").format(names=", ".join(missing))))
        found += [
            _at(node, name).problem(_("no signal for {names}").format(names="free"))
            for name in ("b_local", "b_toll")
            if not FREE_MEANINGS & set(getattr(self, name).values())
        ]
        if not 1 <= self.kd <= 6:
            found.append(_at(node, "kd").problem(_("KD is 1 to 6, not {value}").format(value=self.kd)))
        return found

    def b(self, kd: int) -> dict[str, Meaning]:
        """The map of group B for a call of kind `kd`."""
        return self.b_local if kd in self.local_kd else self.b_toll

    def a_meaning(self, number: int) -> Meaning | None:
        """What backward signal A`number` means; None: nothing here."""
        return self.a.get(str(number))

    def b_meaning(self, kd: int, number: int) -> Meaning | None:
        """What KB=`number` means after our `kd`. B6 is free whatever a map says (facts 4.2, rule)."""
        meaning = self.b(kd).get(str(number))
        if meaning is Meaning.SPARE:
            return Meaning.FREE if number == 6 else Meaning.BUSY
        return meaning

    def a_number(self, meaning: Meaning) -> int:
        """The signal that says `meaning` in group A; 0: none does."""
        return _lowest(self.a, meaning)

    def b_number(self, kd: int, meaning: Meaning) -> int:
        """The signal that says `meaning` in group B to a caller who sent `kd`, or the nearest there is."""
        map_b = self.b(kd)
        wanted = [meaning, *_NEAREST.get(meaning, ())]
        if meaning is Meaning.FREE and self.caller_control:
            wanted.insert(0, Meaning.FREE_CALLER_CONTROL)
        return next((number for m in wanted if (number := _lowest(map_b, m))), 1)


_NEAREST: dict[Meaning, tuple[Meaning, ...]] = {
    Meaning.FREE: (Meaning.FREE_CALLER_CONTROL,),
    Meaning.BUSY: (Meaning.BUSY_TOLL, Meaning.CONGESTION, Meaning.UNALLOCATED),
    Meaning.CONGESTION: (Meaning.BUSY, Meaning.BUSY_TOLL, Meaning.UNALLOCATED),
    Meaning.UNALLOCATED: (Meaning.CONGESTION, Meaning.BUSY),
}


class RegisterRules(Section):
    """Register signals: levels for each tone, the receiver's limits, and how long anything may take.

    `held_ms`: a forward signal without backward signal (Q.476 T1). `silent_ms`: a pause at the outgoing end (T2).
    `forward_ms`: the incoming end waits for a forward signal (T3). `pulse_ms`, `pulse_after_ms`: Q.442.
    """

    send_dbm0: float = -8.0
    least_dbm0: float = -38.0
    twist_db: float = 9.0
    margin_db: float = 8.0
    recognise_ms: int = 15
    held_ms: int = 15_000
    silent_ms: int = 24_000
    forward_ms: int = 15_000
    pulse_ms: int = 150
    pulse_after_ms: int = 100
    kb_within_ms: int = 9000
    """Incoming: nobody has decided for so long: KB free is sent, before the caller's register gives up."""

    def problems(self, node: Node) -> list[Problem]:
        """See Section."""
        found = _positive(
            self, node, ("held_ms", "silent_ms", "forward_ms", "pulse_ms", "pulse_after_ms", "kb_within_ms")
        )
        for name, least, most in (
            ("send_dbm0", -30.0, -3.0),
            ("least_dbm0", -50.0, -10.0),
            ("twist_db", 0.0, 30.0),
            ("margin_db", 0.0, 30.0),
            ("recognise_ms", 5, 100),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                what = _("must be {least} to {most}, not {value}").format(least=least, most=most, value=value)
                found.append(_at(node, name).problem(what))
        return found


class AlarmRules(Section):
    """How long calls outlive an alarm of the span (facts 3.2). 0: for ever."""

    losing_ms: int = 5000
    """LOS, LOF, AIS."""
    lmf_ms: int = 10_000
    """CAS multiframe lost: sound is good, line signals are frozen."""
    rai_ms: int = 10_000
    """The far end does not receive us."""
    quiet_ms: int = 5000
    """No alarm for so long before circuits are used again."""


class R2Profile(Section):
    """A trunk's profile."""

    name: str = "china"
    line: LineRules = field(default_factory=LineRules)
    called: CalledRules = field(default_factory=CalledRules)
    caller: CallerRules = field(default_factory=CallerRules)
    groups: Groups = field(default_factory=Groups)
    registers: RegisterRules = field(default_factory=RegisterRules)
    alarms: AlarmRules = field(default_factory=AlarmRules)
    failed_calls: int = 50
    """So many failed calls keep their ladder."""

    def digits_of(self, number: str) -> int:
        """How many digits a called number has that begins like this; 0: only a time-out tells."""
        fitting = [prefix for prefix in self.called.lengths if number.startswith(prefix)]
        return self.called.lengths[max(fitting, key=len)] if fitting else 0


CHINA_FILE = Path(__file__).with_name("china.yaml")


def load_profile(path: Path) -> R2Profile:
    """The profile of a file. Raises ConfigProblemsError: every problem with file, line and key."""
    return decode(load_tree(path, _(" (profile of an MFC-R2 trunk)")), R2Profile)


def parse_profile(text: str, name: str) -> R2Profile:
    """The profile in `text`; `name` is used in messages."""
    return decode(parse_tree(text, name), R2Profile)


def _lowest(signals: dict[str, Meaning], meaning: Meaning) -> int:
    return min((int(number) for number, m in signals.items() if m is meaning), default=0)


def _at(node: Node, *keys: str) -> Node:
    """The node below, or the nearest that the file has."""
    for key in keys:
        if not isinstance(node.value, dict) or key not in node.value:
            break
        node = node.value[key]
    return node


def _positive(section: Section, node: Node, names: tuple[str, ...]) -> list[Problem]:
    return [
        _at(node, name).problem(_("must be greater than 0, not {value}").format(value=getattr(section, name)))
        for name in names
        if getattr(section, name) <= 0
    ]
