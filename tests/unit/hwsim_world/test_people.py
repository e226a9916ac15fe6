"""People at stations, their ears and their habits, with a scripted FXS port as the office."""

import struct

import pytest
from worldkit import FxsPort, facts, make_sim, run_s

from hwsim.core.events import Format, Kind, What
from hwsim.core.sound import alaw_decode, alaw_encode, find_chirps, make_chirp, wav_header
from hwsim.line.analog import AnalogLine
from hwsim.people.agent import AgentHabits, working_day
from hwsim.people.behaviour import Behaviour
from hwsim.people.draw import Draw
from hwsim.people.parties import NoPartyError, PartyNumbers
from hwsim.people.person import Person
from hwsim.people.process import Pause, Process, Until
from hwsim.people.station import StationSet
from hwsim.people.steps import Dial, Errand, Otherwise, Play, Send, Sound, Speak, WaitFor
from hwsim.people.voice_file import VoiceFiles


class Desk:
    def __init__(self, files=None):
        self.sim = make_sim()
        self.line = AnalogLine(self.sim, "1/8")
        self.port = FxsPort(self.line)
        self.person = Person(self.sim, "agent", 1, StationSet(self.line), files)

    def work(self, **habits):
        habits.setdefault("log_in_at", Draw.fixed(1))
        habits.setdefault("answer", Draw.fixed(2))
        self.person.run(working_day(self.person, AgentHabits(**habits)))

    def do(self, *steps, **errand):
        self.person.run(Behaviour("test", steps).acts(self.person, Errand(**errand)))


@pytest.fixture
def desk():
    made = Desk()
    yield made
    made.sim.engine.close()


def test_log_in_waits_for_dial_tone_and_dials_by_sound(desk):
    desk.work(log_in="*11801")
    run_s(desk.sim, 15)
    assert desk.port.digits == "*11801"
    assert [closed for _, closed in desk.port.edges] == [True, False]
    (tone,), (first, *_) = facts(desk.sim, "heard_tone", tone="dial"), facts(desk.sim, "digit_sent")
    assert tone["t_us"] < first["t_us"]
    assert facts(desk.sim, "agent_log_in", code="*11801")


def test_without_dial_tone_nothing_is_dialled(desk):
    desk.line.cut(True)
    desk.work(log_in="*11801")
    run_s(desk.sim, 20)
    assert not facts(desk.sim, "digit_sent") and facts(desk.sim, "no_dial_tone")
    assert not desk.line.loop_closed


def test_agent_answers_talks_and_hangs_up(desk):
    desk.work(talk=Draw.fixed(10))
    run_s(desk.sim, 5)
    desk.port.ring(3)
    run_s(desk.sim, 20)
    assert desk.port.edges == [(7_000_000, True), (17_000_000, False)]
    chirps = facts(desk.sim, "chirp", person="agent")
    (greeting,) = facts(desk.sim, "spoke", person="agent")
    assert greeting["file"].startswith("greeting") and 8_000_000 < chirps[0]["t_us"] < 9_500_000
    assert [c["number"] for c in chirps] == list(range(1, len(chirps) + 1)) and {c["party"] for c in chirps} == {1}
    assert len(chirps) == -((chirps[0]["t_us"] - 17_000_000) // 400_000)


def test_agent_hangs_up_after_hearing_busy_tone(desk):
    desk.work(talk=Draw.fixed(100), reaction=Draw.fixed(1))
    run_s(desk.sim, 5)
    desk.port.ring()
    run_s(desk.sim, 7)
    desk.port.busy_tone()
    run_s(desk.sim, 8)
    (heard,) = facts(desk.sim, "heard_tone", tone="busy")
    assert desk.port.edges[-1] == (heard["t_us"] + 1_000_000, False)


def test_ring_ignored_and_ring_missed(desk):
    desk.work(ignore_ring=1.0)
    run_s(desk.sim, 5)
    desk.port.ring(2)
    run_s(desk.sim, 20)
    assert facts(desk.sim, "ring_ignored") and not desk.port.edges
    desk.work(answer=Draw.fixed(20))
    run_s(desk.sim, 5)
    desk.port.ring(1)
    run_s(desk.sim, 40)
    assert facts(desk.sim, "ring_missed") and not desk.port.edges


def test_headset_agent_stays_off_hook_and_talks_when_somebody_is_heard(desk):
    desk.work(headset=True)
    run_s(desk.sim, 5)
    desk.port.quiet()
    assert desk.line.loop_closed and not facts(desk.sim, "chirp")
    other = desk.sim.engine.chirp(desk.line.office_leg, 100, 1, period_samples=3200)
    run_s(desk.sim, 5)
    assert facts(desk.sim, "heard_person", party=100) and desk.person.mouth.speaking
    desk.sim.engine.stop(other)
    run_s(desk.sim, 6)
    assert desk.line.loop_closed and not desk.person.mouth.speaking


def test_log_out(desk):
    desk.work(log_out="*12", log_out_at=Draw.fixed(10))
    run_s(desk.sim, 20)
    assert desk.port.digits == "*12" and facts(desk.sim, "agent_log_out")
    desk.port.ring(2)
    run_s(desk.sim, 20)
    assert not desk.line.loop_closed


def test_flash_is_a_short_opening(desk):
    desk.person.lift()
    run_s(desk.sim, 1)
    desk.person.flash(300)
    run_s(desk.sim, 1)
    assert desk.port.edges == [(0, True), (1_000_000, False), (1_300_000, True)]


def test_patience_ends_and_is_noted(desk):
    desk.do(Dial("123"), WaitFor(Sound.PERSON, Draw.fixed(12)), Speak(Draw.fixed(5)))
    run_s(desk.sim, 30)
    (gave_up,) = facts(desk.sim, "gave_up", waiting_for="person")
    assert gave_up["waited_ms"] == 12_000
    assert facts(desk.sim, "script_end", outcome="gave_up") and not facts(desk.sim, "chirp")
    assert not desk.line.loop_closed


def test_the_longest_time_ends_any_script(desk):
    behaviour = Behaviour("test", (Dial("1"), Speak(Draw.fixed(100))), longest=Draw.fixed(20))
    desk.person.run(behaviour.acts(desk.person, Errand()))
    run_s(desk.sim, 30)
    (end,) = facts(desk.sim, "script_end")
    assert (end["outcome"], end["t_us"]) == ("too_long", 20_000_000) and not desk.line.loop_closed


def test_keys_are_pressed_when_the_prompt_is_over(desk):
    desk.do(Dial("1"), WaitFor(Sound.VOICE, Draw.fixed(20)), Send("2", when=Sound.SILENCE, after=Draw.fixed(30)))
    run_s(desk.sim, 5)
    prompt = desk.sim.engine.chirp(desk.line.office_leg, 0, 1, period_samples=3200)
    run_s(desk.sim, 6)
    assert desk.port.digits == "1"
    desk.sim.engine.stop(prompt)
    run_s(desk.sim, 3)
    assert desk.port.digits == "12"
    assert 11.0 < facts(desk.sim, "digit_sent", digit="2")[0]["t_us"] / 1e6 < 13.0


def test_keys_are_pressed_at_the_latest_after_a_while(desk):
    desk.do(Dial("1"), Send("2", when=Sound.VOICE, after=Draw.fixed(6)), WaitFor(Sound.RING, Draw.fixed(60)))
    run_s(desk.sim, 15)
    one, two = (f["t_us"] for f in facts(desk.sim, "digit_sent"))
    assert two - one == pytest.approx(6_200_000, abs=8_000)


def test_waiting_can_go_on_without_what_was_waited_for(desk):
    desk.do(Dial("1"), WaitFor(Sound.VOICE, Draw.fixed(2), Otherwise.CONTINUE), Speak(Draw.fixed(2)))
    run_s(desk.sim, 10)
    assert facts(desk.sim, "script_end", outcome="completed") and facts(desk.sim, "chirp")


def test_digit_times_in_truth_are_when_the_sound_begins(desk):
    starts = []
    desk.sim.on_engine(
        desk.line.set_leg, lambda e: starts.append(e.at_samples * 125) if e.kind is Kind.DTMF_DIGIT_SENT else None
    )
    desk.do(Dial("159"))
    run_s(desk.sim, 6)
    assert [f["t_us"] for f in facts(desk.sim, "digit_sent")] == starts and len(starts) == 3


def test_truth_recording_holds_what_was_heard_and_said(tmp_path):
    desk = Desk(VoiceFiles(tmp_path))
    desk.do(Dial("1"), Speak(Draw.fixed(3)))
    run_s(desk.sim, 3)
    desk.sim.engine.chirp(desk.line.office_leg, 77, 5, period_samples=0)
    run_s(desk.sim, 10)
    (begun,), (done,) = facts(desk.sim, "recording"), facts(desk.sim, "recorded")
    data = (tmp_path / begun["file"]).read_bytes()
    assert data[:4] == b"RIFF" and struct.unpack("<H", data[20:22]) == (6,)
    assert struct.unpack("<I", data[40:44]) == (len(data) - 44,) and len(data) - 44 == 2 * done["samples"]
    heard, said = alaw_decode(data[44::2]), alaw_decode(data[45::2])
    assert [(c.party, c.number) for c in find_chirps(heard)] == [(77, 5)]
    found = {c.number: begun["start_us"] + c.start_sample * 125 for c in find_chirps(said)}
    assert found == {f["number"]: f["t_us"] for f in facts(desk.sim, "chirp")}


def test_a_sound_file_is_played_to_its_end(desk, tmp_path):
    alaw = alaw_encode(make_chirp(50, 3))
    path = tmp_path / "hello.wav"
    path.write_bytes(wav_header(Format.ALAW, 1, len(alaw)) + alaw)
    recorder = desk.sim.engine.record_mem(desk.line.office_leg, 80_000, Format.PCM16, What.IN)
    desk.do(Dial("1"), Play(path))
    run_s(desk.sim, 8)
    found = find_chirps(desk.sim.engine.rec_read(recorder))
    assert [(c.party, c.number) for c in found] == [(50, 3)]
    assert facts(desk.sim, "spoke", file="hello.wav") and facts(desk.sim, "script_end", outcome="completed")


def test_party_numbers_come_back_last_used_last():
    parties = PartyNumbers()
    assert [parties.person(), parties.person()] == [1, 2]
    taken = [parties.take() for _ in range(156)]
    assert taken[0] == 100 and taken[-1] == 255 and parties.left == 0
    with pytest.raises(NoPartyError):
        parties.take()
    parties.release(130)
    assert parties.take() == 130


def test_process_wakes_pauses_times_out_and_stops():
    sim = make_sim()
    log, flag = [], []

    def acts():
        yield Pause(10)
        log.append(("paused", sim.now_us))
        log.append(("until", (yield Until(lambda: bool(flag), 50)), sim.now_us))
        log.append(("until", (yield Until(lambda: bool(flag), 50)), sim.now_us))
        log.append(("at once", (yield Until(lambda: True))))
        yield Until(lambda: False)

    ended = []
    process = Process(sim, acts(), ended.append)
    process.start()
    sim.later(80, flag.append, 1)
    sim.later(80, process.poke)
    run_s(sim, 1)
    assert log == [("paused", 10_000), ("until", False, 60_000), ("until", True, 80_000), ("at once", True)]
    process.stop()
    process.stop()
    assert ended == [False] and process.done
