"""Calls of boardd's own DAHDI driver on the real kernel modules: ISDN, No.1, an exchange line, a telephone.

At the other ends of three local cables are peers that know nothing of boardd: those of the simulator's edge with a
data link, messages, registers and voices of their own, and an office and a telephone written for this test. The guest
counts its own time by instructions, so what is late there is not the fault of a busy machine.
"""

import json
from itertools import pairwise

import pytest
import vm_calls
import vm_machine

from hwsim.core.sound import alaw_decode, find_chirps

pytestmark = [pytest.mark.deep, pytest.mark.real_time, pytest.mark.timeout(1800)]
GUEST_S, HOST_S, READING_S = 600, 1150, 5000
"""Of the guest's time for the calls; of ours, on a machine with other work; of the guest's for reading its disk."""
PEER = 99
END = {"cause": 16, "origin": "far"}
WANTED = {
    "in_sound_and_digits_far_ends": {"digits": "1590#", "heard": "1590#", **END},
    "in_we_hang_up": {"far": [16, True]},
    "in_refused": {"far": [17, False]},
    "in_caller_gives_up": {"cause": 16, "events": ["Offered", "ReleasedByFar", "LineFree"]},
    "out_answered_we_hang_up": {"far": [16, True]},
    "out_no_answer": {"answered": False, "events": ["Proceeding", "Alerting", "LineFree"]},
}
OUT = {"numbers": ["2001", "88001000"], "cause": 16}
ALONE = {
    "pri_out_answered_far_ends": {**OUT, "evidence": "connect"},
    "r2_out_answered_far_ends": {**OUT, "evidence": "r2_answer"},
    "pri_out_busy": {"cause": 17, "code": "17 loc=0"},
    "r2_out_busy": {"cause": 17, "code": "KB=4"},
    "fxo_in_answered_busy_tone": {"evidence": "connect", "cause": 16, "code": "busy_tone"},
    "fxo_in_given_up": {"cause": 16, "code": "no_ring"},
    "fxo_out_answered": {"digits": "13800138000", "evidence": "voice"},
    "fxo_out_busy": {"cause": 17, "code": "busy_tone"},
    "fxo_no_dial_tone": {"cause": 38, "code": "no_dial_tone"},
    "fxs_person_dials_and_hangs_up": {"digits": "8002#"},
    "fxs_rung_and_answered": {
        "evidence": "hook",
        "events": ["OffHook", "Connected", "DigitsSent", "OnHook", "LineFree"],
    },
    "fxs_rung_in_vain": {"rings afterwards": 0},
    "two_calls_through_the_kernel": {
        "before": [["ours", 0], ["ours", 0]],
        "linked": [["r2/1/2", 9], ["pri/1/2", 9]],
        "recorded": [["ours", 0], ["ours", 0]],
        "again": [["r2/1/2", 9], ["pri/1/2", 9]],
        "hung up": [["ours", 0]],
        "digits": "1590#",
        "recorded whole": True,
    },
    "fxo_feed_dropped": {"cause": 16, "origin": "line", "code": "battery_drop"},
    "fxo_dials_by_pulses": {"digits": "13800138000", "pulses": "13800138000"},
    "fxo_flash": {"state": "connected", "events": ["LineFree"]},
    "fxo_caller_by_fsk": {"caller": vm_calls.CALLER, "name": ""},
    "fxo_caller_by_dtmf": {"caller": vm_calls.CALLER, "name": ""},
    "fxs_flash_and_pulses": {"digits": "307", "flashes": 1},
    "killed": {"said": "talking", "status": -9},
    "span_taken_away": {"refused with": 16, "state": "idle"},
    "illegal steps": {},
}
"""The kernel does not let go of a span that somebody has open: EBUSY."""
WANTED = {f"{kind}_{name}": found for name, found in WANTED.items() for kind in ("pri", "r2")} | ALONE


@pytest.fixture(scope="module")
def boot(tools, tmp_path_factory):
    folder = tmp_path_factory.mktemp("calls")
    command = vm_calls.COMMAND.format(limit_s=GUEST_S, cases="")
    files = vm_calls.files(folder)
    done = vm_machine.run(folder, command, files, GUEST_S + READING_S, own_time=True, host_limit_s=HOST_S)
    assert done.status == 0, f"{done.stderr[-2000:]}\n{done.console[-3000:]}"
    return done


@pytest.fixture(scope="module")
def results(boot):
    return json.loads(boot.files["calls.json"])


def found(results, boot, name):
    assert name in results, f"not reached; {boot.files['log'].decode(errors='replace')[-2000:]}"
    seen = "\n".join(f"{what}: {value}" for what, value in results[name].items())
    assert "error" not in results[name], seen
    return results[name]["found"]


@pytest.mark.parametrize("name", WANTED)
def test_call(results, boot, name):
    assert found(results, boot, name) == WANTED[name]


@pytest.mark.parametrize("kind", ["pri", "r2"])
def test_a_cable_is_pulled_out_in_a_call_and_put_back(results, boot, kind):
    got = found(results, boot, f"{kind}_cable_pulled_in_a_call")
    assert (got["cause"], got["origin"], got["alarms"]) == (27, "line", ["los"])
    assert got["alarm_s"] < 4 and 4.5 < got["ended_after_alarm_s"] < 6


def test_the_successor_of_a_killed_driver(results, boot):
    """The far ends' calls are over; everything can be used at once; a telephone that is lifted says so."""
    got = found(results, boot, "after_the_kill")
    over = got["over"]
    assert all(answered for _cause, answered in over.values()) and [over[r2][0] for r2 in ("2/1", "2/2")] == [16, 16]
    # Whichever comes first: RESTART, or the answer to the far end's STATUS ENQUIRY, that there is no such call.
    assert {over["1/1"][0], over["1/2"][0]} <= {41, 81}
    assert got["telephone"] == "seized" and got["odd"] == [] and got["idle_s"] < 5
    assert got["works"] == ["pri/1/1", "pri/1/2", "r2/1/1", "r2/1/2", "an/1"]


@pytest.mark.parametrize(("file", "party"), [("pri", PEER), ("pri.far", 7), ("r2", PEER), ("r2.far", 7)])
def test_sound_has_no_gap(boot, file, party):
    """Numbered chirps, one each 0.4 s, at both ends."""
    chirps = [c for c in find_chirps(alaw_decode(boot.files[f"{file}.alaw"])) if c.party == party]
    assert len(chirps) >= 5
    assert [c.number for c in chirps] == list(range(chirps[0].number, chirps[0].number + len(chirps)))
    steps = {b.start_sample - a.start_sample for a, b in pairwise(chirps)}
    assert steps == {vm_calls.CHIRP_SAMPLES}


def test_nothing_bad_in_the_kernels_log(boot):
    text = boot.files["dmesg"].decode(errors="replace")
    for word in ("BUG:", "Oops", "Call Trace", "WARNING: CPU"):
        assert word not in text, text[-3000:]
