"""Calls of boardd's DAHDI driver on real kernel modules, run as `python3 calls.py`; results in `out/calls.json`."""

import asyncio
import json
import sys
import time
import traceback
from pathlib import Path

import stage as stages

from boardd.contract.driver import (
    Alerting,
    CallerId,
    Connected,
    Digit,
    DigitsSent,
    Flash,
    LineFree,
    LinkChange,
    Offered,
    OffHook,
    OnHook,
    PlayEnded,
    PlayRequest,
    RecordEnded,
    ReleasedByFar,
    RingCount,
    SpanChanged,
    Usable,
)
from boardd.contract.states import ChannelState, SpanState

S = ChannelState
CASES = {}
PRI, R2, FXO, FXS = "pri/1/2", "r2/1/2", "an/1", "an/2"
DOOMED = ("pri/1/1", "pri/1/2", "r2/1/1", "r2/1/2", FXO, FXS)
HERE = Path.cwd()


def cable_of(channel):
    return {"pri": 1, "r2": 2}[channel.split("/")[0]]


def case(function):
    CASES[function.__name__] = function
    return function


def calls_of(cable):
    """Registers two cases a name, for PRI and No.1."""

    def register(function):
        for name, channel in cable.items():
            CASES[f"{name}_{function.__name__}"] = lambda stage, channel=channel: function(stage, channel)
        return function

    return register


both = calls_of({"pri": PRI, "r2": R2})


async def called(stage, channel, hang_up_ms=None):
    """The peer calls us: offered with both numbers; marks of before."""
    log, notes = stage.marks
    slot = stage.port(channel).info.timeslot
    stage.peers.do(
        "dial", cable=cable_of(channel), slot=slot, called="1055", caller="13800138000", hang_up_ms=hang_up_ms
    )
    offered = await stage.log.wait(Offered, channel, log)
    assert (offered.called, offered.caller) == ("1055", "13800138000"), offered
    return log, notes


async def answered(stage, channel, **plan):
    """The peer calls, we answer."""
    log, notes = await called(stage, channel, **plan)
    await stage.port(channel).alert()
    await asyncio.sleep(0.5)
    await stage.port(channel).answer()
    await stage.log.wait(Connected, channel, log)
    await stage.peers.wait("connected", notes)
    return log, notes


async def dialled(stage, channel, **plan):
    """We call the peer; marks of before."""
    log, notes = stage.marks
    stage.peers.do("plan", cable=cable_of(channel), **{"digits": 4, **plan})
    await asyncio.sleep(0.3)
    await stage.port(channel).dial("2001", "88001000")
    return log, notes


# -- E1 ---------------------------------------------------------------------------------------------------------------
@both
async def in_sound_and_digits_far_ends(stage, channel):
    log, notes = await answered(stage, channel)
    port, cable = stage.port(channel), cable_of(channel)
    name = channel.split("/")[0]
    await port.record(f"{HERE}/out/{name}.alaw")
    stage.peers.do("keep", cable=cable, file=f"out/{name}.far.alaw")
    await port.play(PlayRequest((f"{HERE}/chirps.wav",)))
    await stage.log.wait(PlayEnded, channel, log)
    await asyncio.sleep(1)
    await port.stop_record()
    await stage.log.wait(RecordEnded, channel, log)
    stage.peers.do("press", cable=cable, keys="1590#")
    heard = [(await stage.log.wait(Digit, channel, log, digit=key)).digit for key in "1590#"]
    stage.peers.do("ear", cable=cable)
    await port.send_digits("2468*")
    await stage.log.wait(DigitsSent, channel, log)
    await stage.peers.wait("keys", notes, keys="2468*")
    digits = [event.digit for event in stage.log.of(channel, log) if isinstance(event, Digit)]
    stage.peers.do("hang_up", cable=cable)
    end = await stage.log.wait(ReleasedByFar, channel, log)
    await stage.free(channel, log)
    await stage.peers.wait("over", notes)
    return {"digits": "".join(digits), "heard": "".join(heard), "cause": end.cause, "origin": end.origin}


@both
async def in_we_hang_up(stage, channel):
    log, notes = await answered(stage, channel)
    await asyncio.sleep(0.5)
    await stage.free(channel, log)
    over = await stage.peers.wait("over", notes)
    return {"far": [over["cause"], over["answered"]]}


@both
async def in_refused(stage, channel):
    log, notes = await called(stage, channel)
    await stage.port(channel).reject(17)
    await stage.log.wait(LineFree, channel, log)
    over = await stage.peers.wait("over", notes)
    return {"far": [over["cause"], over["answered"]]}


@both
async def in_caller_gives_up(stage, channel):
    log, _notes = await called(stage, channel)
    await stage.port(channel).alert()
    await asyncio.sleep(1)
    stage.peers.do("hang_up", cable=cable_of(channel))
    end = await stage.log.wait(ReleasedByFar, channel, log)
    await stage.free(channel, log)
    return {"cause": end.cause, "events": stage.log_of(channel, log)}


@both
async def out_answered_far_ends(stage, channel):
    log, notes = await dialled(stage, channel, answer_ms=800, talk_ms=1500)
    await stage.log.wait(Alerting, channel, log)
    connected = await stage.log.wait(Connected, channel, log)
    end = await stage.log.wait(ReleasedByFar, channel, log)
    await stage.free(channel, log)
    call = await stage.peers.wait("call_in", notes)
    return {
        "numbers": [call["called"], call["caller"]],
        "evidence": str(connected.evidence),
        "cause": end.cause,
    }


@both
async def out_answered_we_hang_up(stage, channel):
    log, notes = await dialled(stage, channel, answer_ms=500)
    await stage.log.wait(Connected, channel, log)
    await asyncio.sleep(1)
    await stage.free(channel, log)
    over = await stage.peers.wait("over", notes)
    return {"far": [over["cause"], over["answered"]]}


@both
async def out_busy(stage, channel):
    log, _notes = await dialled(stage, channel, refuse=17)
    end = await stage.log.wait(ReleasedByFar, channel, log)
    await stage.free(channel, log)
    return {"cause": end.cause, "code": end.maker_code}


@both
async def out_no_answer(stage, channel):
    log, notes = await dialled(stage, channel, answer_ms=None)
    await stage.log.wait(Alerting, channel, log)
    await asyncio.sleep(3)
    await stage.free(channel, log)
    over = await stage.peers.wait("over", notes)
    return {"answered": over["answered"], "events": stage.log_of(channel, log)}


# -- a talk of two calls ----------------------------------------------------------------------------------------------
async def crosses(stage, keys):
    """Keys pressed at either far end are heard at the other."""
    for cable, other, pressed in ((1, 2, keys), (2, 1, keys[::-1])):
        notes = stage.peers.mark
        stage.peers.do("ear", cable=other)
        stage.peers.do("press", cable=cable, keys=pressed)
        await stage.peers.wait("keys", notes, keys=pressed)


@case
async def two_calls_through_the_kernel(stage):
    """The kernel carries the talk until somebody records, and again afterwards."""
    from diokit import Dio

    dio = Dio(stages.LIBRARY, stages.DECL)
    pseudo = dio.open("pseudo")

    def sent():
        """Whose sound the kernel sends on both channels: DAHDI's numbers as names, and the modes."""
        names = {stage.port(channel).number: channel for channel in (PRI, R2)} | {0: "ours"}
        found = [
            dio.with_struct(pseudo, dio.GETCONF, "conference", channel=stage.port(channel).number)
            for channel in (PRI, R2)
        ]
        return [(names[one.conference], one.mode) for one in found]

    log = stage.log.mark
    for channel in (PRI, R2):
        await answered(stage, channel)
    await asyncio.sleep(0.5)
    found = {"before": sent()}
    await stage.driver.link([LinkChange(PRI, R2, True), LinkChange(R2, PRI, True)])
    found["linked"] = sent()
    await crosses(stage, "1590#")
    heard = [event.digit for event in stage.log.of(PRI, log) if isinstance(event, Digit)]
    await stage.port(PRI).record(f"{HERE}/out/bridged.alaw")
    found["recorded"] = sent()
    await crosses(stage, "2468*")
    await stage.port(PRI).stop_record()
    ended = await stage.log.wait(RecordEnded, PRI, log)
    found["again"] = sent()
    await crosses(stage, "73")
    await stage.port(PRI).hangup()
    found["hung up"] = sent()[1:]
    await stage.free(PRI, log)
    await stage.free(R2, log)
    dio.close(pseudo)
    size = (HERE / "out" / "bridged.alaw").stat().st_size
    return {**found, "digits": "".join(heard), "recorded whole": size == ended.samples > 8000}


# -- exchange lines ---------------------------------------------------------------------------------------------------
def pair(stage, act, line=1, **fields):
    stage.peers.do("pair", line=line, act=act, **fields)


async def rung(stage):
    log, notes = stage.marks
    pair(stage, "ring")
    await stage.log.wait(Offered, FXO, log)
    return log, notes


@case
async def fxo_in_answered_busy_tone(stage):
    log, notes = await rung(stage)
    await stage.log.wait(RingCount, FXO, log)
    await stage.port(FXO).answer()
    connected = await stage.log.wait(Connected, FXO, log)
    await stage.peers.wait("answered", notes, span="pair 1")
    await stage.port(FXO).send_digits("147#")
    await stage.peers.wait("keys", notes, span="pair 1", keys="147#")
    stage.peers.do("sound", line=1, kind="busy")
    end = await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    await stage.peers.wait("cleared", notes, span="pair 1")
    stage.peers.do("sound", line=1, kind="silence")
    return {"evidence": str(connected.evidence), "cause": end.cause, "code": end.maker_code}


@case
async def fxo_in_given_up(stage):
    log, _notes = await rung(stage)
    await stage.log.wait(RingCount, FXO, log)
    pair(stage, "stop_ringing")
    end = await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    return {"cause": end.cause, "code": end.maker_code}


@case
async def fxo_out_answered(stage):
    await asyncio.sleep(2.5)
    log, notes = stage.marks
    pair(stage, "expect", digits=11, answer="ring")
    await stage.port(FXO).dial("13800138000")
    told = await stage.peers.wait("dialled", notes)
    await stage.log.wait(Alerting, FXO, log)
    stage.peers.do("sound", line=1, kind="voice")
    connected = await stage.log.wait(Connected, FXO, log)
    await asyncio.sleep(1)
    await stage.free(FXO, log)
    await stage.peers.wait("cleared", notes, span="pair 1")
    stage.peers.do("sound", line=1, kind="silence")
    return {"digits": told["digits"], "evidence": str(connected.evidence)}


@case
async def fxo_out_busy(stage):
    await asyncio.sleep(2.5)
    log, _notes = stage.marks
    pair(stage, "expect", digits=8, answer="busy")
    await stage.port(FXO).dial("88001234")
    end = await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    return {"cause": end.cause, "code": end.maker_code}


@case
async def fxo_no_dial_tone(stage):
    await asyncio.sleep(2.5)
    log, _notes = stage.marks
    pair(stage, "expect", digits=8, answer="busy", dial_tone=False)
    await stage.port(FXO).dial("88001234")
    end = await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    return {"cause": end.cause, "code": end.maker_code}


async def line_through(stage):
    """A call out on the exchange line, answered by a voice."""
    log, notes = stage.marks
    pair(stage, "expect", digits=11, answer="ring")
    await stage.port(FXO).dial("13800138000")
    told = await stage.peers.wait("dialled", notes, span="pair 1")
    await stage.log.wait(Alerting, FXO, log)
    stage.peers.do("sound", line=1, kind="voice")
    await stage.log.wait(Connected, FXO, log)
    return log, notes, told["digits"]


@case
async def fxo_feed_dropped(stage):
    """Half a second without feed ends the call (kewlstart)."""
    await asyncio.sleep(2.5)
    log, _notes, _digits = await line_through(stage)
    await asyncio.sleep(1)
    pair(stage, "drop_feed")
    end = await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    stage.peers.do("sound", line=1, kind="silence")
    return {"cause": end.cause, "origin": end.origin, "code": end.maker_code}


@case
async def fxo_flash(stage):
    await asyncio.sleep(2.5)
    log, notes, _digits = await line_through(stage)
    await stage.port(FXO).flash()
    await stage.peers.wait("winkflash", notes, span="pair 1")
    await asyncio.sleep(1.5)
    state = str(stage.port(FXO).state)
    await stage.free(FXO, log)
    stage.peers.do("sound", line=1, kind="silence")
    return {"state": state, "events": [e for e in stage.log_of(FXO, log) if e in ("ReleasedByFar", "LineFree")]}


async def number_shown(stage, file, before):
    await asyncio.sleep(2.5)
    log, _notes = stage.marks
    stage.peers.do("caller_id", line=1, file=file, before=before)
    pair(stage, "ring")
    offered = await stage.log.wait(Offered, FXO, log)
    caller, name = offered.caller, offered.caller_name
    if not caller:
        known = await stage.log.wait(CallerId, FXO, log)
        caller, name = known.caller, known.caller_name
    stage.peers.do("caller_id", line=1, file="", before=False)
    pair(stage, "stop_ringing")
    await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    return {"caller": caller, "name": name}


@case
async def fxo_caller_by_fsk(stage):
    return await number_shown(stage, "caller.fsk.alaw", False)


@case
async def fxo_caller_by_dtmf(stage):
    return await number_shown(stage, "caller.dtmf.alaw", True)


# -- telephones -------------------------------------------------------------------------------------------------------
@case
async def fxs_person_dials_and_hangs_up(stage):
    log, _notes = stage.marks
    pair(stage, "lift", line=2)
    await stage.log.wait(OffHook, FXS, log)
    await asyncio.sleep(0.7)
    pair(stage, "press", line=2, keys="8002#")
    for key in "8002#":
        await stage.log.wait(Digit, FXS, log, digit=key)
    pair(stage, "put_down", line=2)
    await stage.log.wait(OnHook, FXS, log)
    await stage.log.wait(LineFree, FXS, log)
    return {"digits": "".join(e.digit for e in stage.log.of(FXS, log) if isinstance(e, Digit))}


@case
async def fxs_rung_and_answered(stage):
    await asyncio.sleep(2.5)
    log, notes = stage.marks
    await stage.port(FXS).ring()
    await stage.peers.wait("ringbegin", notes, span="pair 2")
    pair(stage, "lift", line=2)
    connected = await stage.log.wait(Connected, FXS, log)
    await stage.port(FXS).send_digits("36")
    await stage.peers.wait("keys", notes, span="pair 2", keys="36")
    await stage.port(FXS).hangup()
    await stage.state(FXS, S.RELEASING)
    pair(stage, "put_down", line=2)
    await stage.log.wait(LineFree, FXS, log)
    return {"evidence": str(connected.evidence), "events": stage.log_of(FXS, log)}


@case
async def fxs_rung_in_vain(stage):
    await asyncio.sleep(2.5)
    log, notes = stage.marks
    await stage.port(FXS).ring()
    await stage.peers.wait("ringbegin", notes, span="pair 2")
    await asyncio.sleep(1)
    await stage.port(FXS).hangup()
    await stage.log.wait(LineFree, FXS, log)
    mark = stage.peers.mark
    await asyncio.sleep(6)
    later = [note["what"] for note in stage.peers.notes[mark:] if note["span"] == "pair 2"]
    return {"rings afterwards": later.count("ringbegin")}


@case
async def fxs_flash_and_pulses(stage):
    await asyncio.sleep(2.5)
    log, _notes = stage.marks
    pair(stage, "lift", line=2)
    await stage.log.wait(OffHook, FXS, log)
    await asyncio.sleep(1)
    pair(stage, "flash", line=2, ms=300)
    await stage.log.wait(Flash, FXS, log)
    await asyncio.sleep(1.5)
    pair(stage, "dial_pulses", line=2, keys="307")
    for key in "307":
        await stage.log.wait(Digit, FXS, log, digit=key)
    await asyncio.sleep(1)
    pair(stage, "put_down", line=2)
    await stage.log.wait(LineFree, FXS, log)
    events = stage.log.of(FXS, log)
    digits = "".join(event.digit for event in events if isinstance(event, Digit))
    return {"digits": digits, "flashes": sum(isinstance(event, Flash) for event in events)}


# -- a driver that was killed -----------------------------------------------------------------------------------------
async def killed(stage):
    """Another process talks on six channels and is killed; what the far ends notice before anybody comes."""
    peers = stage.peers
    for cable in (1, 2):
        peers.do("plan", cable=cable, digits=4, answer_ms=300)
    pair(stage, "expect", digits=11, answer="ring")
    mark = peers.mark
    pipe = asyncio.subprocess.PIPE
    doomed = await asyncio.create_subprocess_exec(sys.executable, "doomed.py", stdout=pipe)
    try:
        assert (await doomed.stdout.readline()) == b"started\n"
        for cable in (1, 2):
            peers.do("dial", cable=cable, slot=1, called="1055", caller="13800138000")
        await peers.wait("ringbegin", mark, span="pair 2")
        pair(stage, "lift", line=2)
        await peers.wait("dialled", mark, span="pair 1")
        await asyncio.sleep(3)  # ring-back tone first
        peers.do("sound", line=1, kind="voice")
        said = await doomed.stdout.readline()
    finally:
        stage.killed = peers.mark
        doomed.kill()
        status = await doomed.wait()
    await peers.wait("cleared", stage.killed, span="pair 1")
    peers.do("sound", line=1, kind="silence")
    await asyncio.sleep(1)
    return {"said": said.decode().strip(), "status": status}


async def after_the_kill(stage):
    """The successor has the same channels: idle, the far ends' calls over, new calls at once."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await stage.log.wait(OffHook, FXS, 0)
    seized = str(stage.port(FXS).state)
    for channel in DOOMED[:-1]:
        await stage.state(channel, S.IDLE, within_s=20)
    idle_s = loop.time() - began_s
    over = {}
    for cable in (1, 2):
        for slot in (1, 2):
            note = await stage.peers.wait("over", stage.killed, span=f"cable {cable}", slot=slot)
            over[f"{cable}/{slot}"] = [note["cause"], note["answered"]]
    odd = [event for event in stage.log_of_all() if event not in ("Usable", "SpanChanged", "OffHook")]
    works = []
    for channel in DOOMED[:4]:
        log, _notes = await answered(stage, channel)
        await stage.free(channel, log)
        log, _notes = await dialled(stage, channel, answer_ms=300)
        await stage.log.wait(Connected, channel, log)
        await stage.free(channel, log)
        works.append(channel)
    log, _notes, _digits = await line_through(stage)
    await stage.free(FXO, log)
    stage.peers.do("sound", line=1, kind="silence")
    works.append(FXO)
    log = stage.log.mark
    pair(stage, "put_down", line=2)
    await stage.log.wait(LineFree, FXS, log)
    return {"telephone": seized, "idle_s": idle_s, "over": over, "odd": odd, "works": works}


async def pulses(stage):
    """With another setting: the exchange counts loop breaks."""
    await stage.start()
    await asyncio.sleep(2.5)
    log, notes, digits = await line_through(stage)
    await stage.free(FXO, log)
    await stage.peers.wait("cleared", notes, span="pair 1")
    heard = [note["what"] for note in stage.peers.notes[notes:] if note["span"] == "pair 1"]
    await stage.stop()
    return {"digits": digits, "pulses": "".join(what[-1] for what in heard if what.startswith("pulses "))}


# -- cables -----------------------------------------------------------------------------------------------------------
@both
async def cable_pulled_in_a_call(stage, channel):
    log, notes = await answered(stage, channel)
    cable, span = cable_of(channel), channel.rpartition("/")[0]
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.5)
    stage.peers.do("pull", cable=cable)
    await stage.peers.wait("pulled", notes)
    pulled_s = loop.time()
    alarm = await stage.log.wait(SpanChanged, span, log, state=SpanState.ALARM)
    alarm_s = loop.time() - pulled_s
    end = await stage.log.wait(ReleasedByFar, channel, log)
    ended_s = loop.time() - pulled_s
    await stage.port(channel).hangup()
    await stage.log.wait(LineFree, channel, log)
    log2, _notes2 = stage.marks
    stage.peers.do("plug", cable=cable)
    await stage.log.wait(SpanChanged, span, log2, state=SpanState.UP, within_s=60)
    await stage.log.wait(Usable, channel, log2, usable=True, within_s=60)
    await asyncio.sleep(1)
    next_log, _notes = await answered(stage, channel)
    await stage.free(channel, next_log)
    return {
        "alarms": list(alarm.alarms),
        "cause": end.cause,
        "origin": end.origin,
        "alarm_s": alarm_s,
        "ended_after_alarm_s": ended_s - alarm_s,
    }


async def span_taken_away(stage):
    """What the kernel does when somebody takes a span away that boardd has open."""
    import spans
    from diokit import Dio

    try:
        spans.destroy(Dio(stages.LIBRARY, stages.DECL), "3:0")
    except OSError as error:
        refused = error.errno
    else:
        refused = 0
    await asyncio.sleep(1)
    return {"refused with": refused, "state": str(stage.port(FXO).state)}


# -- all --------------------------------------------------------------------------------------------------------------
async def main(wanted):
    results = {}

    async def run(name, work):
        began_s = time.monotonic()  # noqa: TID251 - a real kernel
        try:
            async with asyncio.timeout(150):
                results[name] = {"found": await work()}
        except Exception:
            results[name] = {"error": traceback.format_exc(), "far end": peers.notes[-12:], "ladders": ladders(stage)}
        results[name]["s"] = round(time.monotonic() - began_s, 1)  # noqa: TID251 - a real kernel
        keep("calls.json", results)
        say(f"{name}: {results[name]}")

    peers = stages.Peers()
    await peers.start()
    stage = stages.Stage(peers)

    async def start():
        await stage.start()
        return {channel: str(port.state) for channel, port in stage.ports.items()}

    with_kill = not wanted or "kill" in wanted
    if with_kill:
        await run("killed", lambda: killed(stage))
    await run("start", start)
    if with_kill:
        await run("after_the_kill", lambda: after_the_kill(stage))
        await tidy(stage)
    for name, function in CASES.items():
        if not wanted or name in wanted or any(name.startswith(f"{word}_") for word in wanted):
            await run(name, lambda function=function: function(stage))
            await tidy(stage)
    await run("span_taken_away", lambda: span_taken_away(stage))
    illegal = {port.id: port.illegal_steps for port in stage.ports.values() if port.illegal_steps}
    await run("stop", stage.stop)
    if not wanted or "pulses" in wanted:
        await run("fxo_dials_by_pulses", lambda: pulses(stages.Stage(peers, lines="an/1 pulse=yes")))
    results["illegal steps"] = {"found": illegal}
    await peers.stop()
    keep("notes.json", peers.notes)
    keep("events.json", stage.log.events)
    keep("calls.json", results)


def ladders(stage):
    """What was on the circuits of No.1 during their last calls."""
    trunk = stage.driver.cards.trunks.get("r2/1") if stage.driver else None
    return {slot: list(trunk.signalling.ladder(slot).lines()) for slot in (1, 2)} if trunk else {}


def keep(name, value):
    """For those outside."""
    (HERE / "out" / name).write_text(json.dumps(value, indent=1, default=repr))


def say(text):
    """On the machine's console, for whoever waits outside."""
    with open("/dev/console", "w") as console:
        console.write(f"vm: {text[-1500:]}\n")


async def tidy(stage):
    """After a case that failed: everybody goes home."""
    busy = [port for port in stage.ports.values() if port.state not in (S.IDLE, S.OUT_OF_SERVICE, S.BROKEN)]
    for port in busy:
        await port.hangup()
    if busy:
        for cable in (1, 2):
            stage.peers.do("hang_up", cable=cable)
        pair(stage, "put_down", line=2)
        await asyncio.sleep(5)


if __name__ == "__main__":
    stages.quiet()
    asyncio.run(main(sys.argv[1:]))
