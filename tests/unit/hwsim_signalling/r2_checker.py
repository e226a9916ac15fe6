"""Judges one MFC-R2 call of China from what was on the line, by facts 4.1 to 4.3 alone; shares no code with anybody."""

from dataclasses import dataclass, field

import numpy as np

RATE, HOP = 8000, 160
FORWARD_HZ, BACKWARD_HZ = (1380, 1500, 1620, 1740, 1860, 1980), (1140, 1020, 900, 780, 660, 540)
PAIRS = [(low, high) for high in range(1, 6) for low in range(high)]
NUMBER = {pair: index + 1 for index, pair in enumerate(PAIRS)}
IDLE, SEIZED, ACK, ANSWER = 0b1011, 0b0011, 0b1111, 0b0111
FULL_SCALE = 32768 * 10 ** (-3.14 / 20)  # peak of a sine of 0 dBm0 as decoded below
MIN_DBM0, MAX_DBM0, TWIST_DB, MARGIN_DB = -35, -5, 7, 11
ACK_MS, ACK_ALARM_MS, HELD_MS, GAP_MS, RELEASE_MS, FREE = 200, 2000, 18_000, 24_000, 3000, (1, 6)


class BadTraceError(Exception):
    """The trace breaks a rule; the text says which."""


@dataclass
class Trace:
    """`bits`: (ms, "forward" or "backward", abcd) from seizure to idle; A-law sound of both sides begins at ms 0."""

    bits: list[tuple[float, str, int]]
    forward: bytes
    backward: bytes


@dataclass
class Verdict:
    dnis: str = ""
    ani: str = ""
    ka: int = 0
    kd: int = 0
    kb: int = 0
    answered: bool = False
    pairs: list[tuple[int, int]] = field(default_factory=list)


def need(condition, text):
    if not condition:
        raise BadTraceError(text)


def linear(octet):
    octet ^= 0x55
    exponent, mantissa = octet >> 4 & 7, octet & 15
    value = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return value if octet & 0x80 else -value


LINEAR = np.array([linear(octet) for octet in range(256)], float)
WAVES = {band: np.exp(2j * np.pi * np.outer(band, np.arange(HOP)) / RATE) for band in (FORWARD_HZ, BACKWARD_HZ)}


def levels_dbm0(block, frequencies):
    return 20 * np.log10(np.maximum(1e-9, 2 * np.abs(WAVES[frequencies] @ block) / HOP / FULL_SCALE))


def signal(block, frequencies):
    """Number of the signal in 20 ms; 0: silence; None: neither (an edge, or something that must not be)."""
    if np.ptp(block) < 200:
        return 0
    levels = sorted(((level, i) for i, level in enumerate(levels_dbm0(block, frequencies))), reverse=True)
    (first, a), (second, b), (third, _) = levels[:3]
    if first < MIN_DBM0 - 6:
        return 0
    good = first <= MAX_DBM0 and second >= MIN_DBM0 and first - second <= TWIST_DB and second - third >= MARGIN_DB
    return NUMBER[min(a, b), max(a, b)] if good else None


def pulses(sound, frequencies):
    """[(from_ms, to_ms, number)] up to a sound that is no signal, and when that begins; edges are unclear for 40 ms."""
    found, unclear, samples = [], 0, LINEAR[np.frombuffer(sound, np.uint8)]
    for at in range(0, len(sound) - HOP + 1, HOP):
        number, ms = signal(samples[at : at + HOP], frequencies), at * 1000 / RATE
        unclear = unclear + 1 if number is None else 0
        if unclear == 3:
            return found, ms - 40
        if not number:
            continue
        if found and found[-1][2] == number and ms - found[-1][1] < 1:
            found[-1] = (found[-1][0], ms + 20, number)
        else:
            need(not found or ms - found[-1][1] > 1, f"no gap before the tone at {ms:.0f} ms")
            found.append((ms, ms + 20, number))
    return found, len(sound) * 1000 / RATE


def check_compelled(forward, backward, ready_ms):
    need(forward and len(forward) == len(backward), f"{len(forward)} forward, {len(backward)} backward signals")
    need(forward[0][0] >= ready_ms - 20, "tone before the seizure was acknowledged")
    for index, ((f_on, f_off, _), (b_on, b_off, _)) in enumerate(zip(forward, backward, strict=True)):
        need(f_on < b_on <= f_off, f"signal {index + 1}: backward tone does not answer a held forward tone")
        need(f_off < b_off, f"signal {index + 1}: backward tone ended before the forward tone")
        need(f_off - f_on <= HELD_MS, f"signal {index + 1}: forward tone held too long")
        if index + 1 < len(forward):
            need(0 <= forward[index + 1][0] - b_off + 20 <= GAP_MS, f"signal {index + 2}: not after the backward tone")


def read_registers(verdict):
    state, digit = "dnis", lambda n: str(n % 10)
    for forward, backward in verdict.pairs:
        need(state != "end", "a signal after KB")
        if state == "kd":
            verdict.kd, verdict.kb, state = forward, backward, "end"
            need(forward in range(1, 7) and backward in range(1, 7), f"KD {forward}, KB {backward}")
            continue
        if state == "ka":
            verdict.ka = forward
            need(forward in (1, 2, 3, 4, 5, 8, 10), f"KA {forward}")
        elif forward == 15:
            need(state == "ani" and backward == 3, "I-15 where no caller digits end")
        else:
            need(forward <= 10 and (state, backward) != ("ani", 3), f"digit {forward}, A{backward} in {state}")
            setattr(verdict, state, getattr(verdict, state) + digit(forward))
        steps = {("dnis", 1): "dnis", ("dnis", 6): "ka", ("dnis", 3): "kd", ("ka", 1): "ani", ("ani", 1): "ani"}
        steps |= {("ani", 3): "kd", ("dnis", 4): "end", ("dnis", 5): "end", ("ka", 3): "kd"}
        need((state, backward) in steps, f"A{backward} in {state}")
        state = steps[state, backward]
    need(state == "end", f"registers stop in {state}")


def check(trace):
    """The call's numbers and outcome. Raises BadTraceError."""
    verdict, bits = Verdict(), list(trace.bits)
    need(all(abcd & 3 == 3 for _, _, abcd in bits), "bits c and d are not 11")
    words = [(side, abcd) for _, side, abcd in bits]
    need(words[:2] == [("forward", SEIZED), ("backward", ACK)], "no seizure and acknowledgement")
    need(bits[1][0] - bits[0][0] <= ACK_MS, f"acknowledged after {bits[1][0] - bits[0][0]:.0f} ms")
    need(words[-2:] == [("forward", IDLE), ("backward", IDLE)], "no clear forward and release guard")
    need(bits[-1][0] - bits[-2][0] <= RELEASE_MS, "release guard too long")
    until = round(next((ms for ms, _, abcd in bits if abcd == ANSWER), bits[-2][0]) * RATE / 1000)
    forward, f_end = pulses(trace.forward[:until], FORWARD_HZ)
    backward, b_end = pulses(trace.backward[:until], BACKWARD_HZ)
    check_compelled(forward, backward, bits[1][0])
    verdict.pairs = [(f[2], b[2]) for f, b in zip(forward, backward, strict=True)]
    read_registers(verdict)
    over_ms, free, middle = backward[-1][1], verdict.kb in FREE, words[2:-2]
    need(min(f_end, b_end) >= over_ms - 20, f"a sound that is no signal at {min(f_end, b_end):.0f} ms")
    need(middle in ([], [("backward", ANSWER)], [("backward", ANSWER), ("backward", ACK)]), f"line signals {middle}")
    need(free or not middle, "answer after a refusal")
    need(all(ms >= over_ms - 20 for ms, _, _ in bits[2:]), "a line signal while registers work")
    verdict.answered = bool(middle)
    return verdict
