"""How numbers are shown, what is said about numbers that cannot be reached, service numbers, machines that answer."""

import pytest
from worldkit import CardCircuit, FxoPort, Machine, facts, make_sim, run_s

from hwsim.exchange.hunt import HuntGroup, HuntOrder
from hwsim.exchange.numbering import NumberForm, NumberingPlan, Reach
from hwsim.scenario.file import Scenario
from hwsim.scenario.world import World
from hwsim.sounds import sound

FORMS = {
    "057188001000": ["88001000", "057188001000", "57188001000", "88001000", "+8657188001000", "008657188001000"],
    "01066554433": ["01066554433", "01066554433", "1066554433", "01066554433", "+861066554433", "00861066554433"],
    "13805710000": ["13805710000", "13805710000", "13805710000", "13805710000", "+8613805710000", "008613805710000"],
    "13900000001": ["13900000001", "13900000001", "13900000001", "013900000001", "+8613900000001", "008613900000001"],
    "95588": ["95588"] * 6,
    "4006001234": ["4006001234"] * 6,
    "0044207946000": ["0044207946000"] * 6,
}


@pytest.mark.parametrize("number", FORMS)
def test_numbers_are_shown_in_the_carriers_form(number):
    plan = NumberingPlan(local_mobiles=("1380571",))
    plan.add_short("95588")
    assert [plan.shown(number, form) for form in NumberForm] == FORMS[number]


def test_a_zero_before_mobiles_is_wrong_or_right():
    plan = NumberingPlan(local_mobiles=("1380571",))
    dialled = ["13805710000", "013805710000", "13900000001", "013900000001", "88001000", "01066554433"]
    assert [plan.wrong_zero(number) for number in dialled] == [False, True, True, False, False, False]
    assert not any(NumberingPlan().wrong_zero(number) for number in dialled)
    assert [plan.reach(n) for n in ("88001000", "057188001000", "01066554433", "0044207", "13900000001")] == [
        *(Reach.LOCAL, Reach.LOCAL, Reach.NATIONAL, Reach.INTERNATIONAL, Reach.LOCAL)
    ]


class Site:
    """A world of a scenario's text, with card ends that a test holds."""

    def __init__(self, text):
        self.sim = make_sim()
        self.machine = Machine.build(self.sim, ports=2)
        self.port = FxoPort(self.machine.analog_lines["1/0"])
        self.circuits = [CardCircuit(c) for c in self.machine.spans["0/1"].circuits.values()]
        self.world = World(self.sim, self.machine, Scenario.parse(text))
        self.world.start()
        self.port.listen()

    def call(self, number, wait_s=3.0):
        """The card calls a number; the caller of the line goes on."""
        self.port.lift()
        run_s(self.sim, 1)
        self.port.dial(number)
        run_s(self.sim, wait_s)

    def facts(self, what, **match):
        return facts(self.sim, what, **match)

    @property
    def setup(self):
        (taken,) = [c.setup for c in self.circuits if c.setup]
        return taken


@pytest.fixture
def site():
    made = []

    def build(text):
        made.append(Site(text))
        return made[-1]

    yield build
    for one in made:
        one.world.close()
        one.sim.engine.close()


LINE = 'exchange:\n  groups: [{name: l, numbers: ["88002000"], lines: [1/0]%s}]\n'
TRUNK = 'exchange:\n  groups: [{name: t, numbers: [88001000-88001099], circuits: ["0/1/*"]%s}]\n'
CALLER = "callers: [{name: c, called: {'%s': 1}, scripts: {s: 1}, at_s: [1], numbers: '%s'%s}]\n"
SCRIPT = "scripts: {s: {steps: [{do: dial}, {do: wait, s: 60}]}}\n"


@pytest.mark.parametrize(
    ("state", "cause", "said"),
    [
        ("power_off", 20, "power_off"),
        ("no_service", 20, "no_service"),
        ("suspended", 21, "suspended"),
        ("unreachable", 27, "failed"),
        ("changed", 22, "changed"),
        ("barred", 21, "barred"),
        ("busy", 17, "busy"),
        ("rejects", 21, "busy"),
    ],
)
def test_what_is_said_about_those_who_cannot_be_reached(site, state, cause, said):
    made = site(LINE % "" + f"  subscribers: [{{numbers: 13900000001, state: {state}, announced: yes}}]\n")
    made.call("13900000001", 8)
    assert [(f["cause"], f["said"]) for f in made.facts("announcement")] == [(cause, said)]
    assert made.facts("call_end")[0]["cause"] == cause and sound(said).is_file()
    assert [f["tone"] for f in made.facts("tone", line="1/0") if f["tone"]][-1] in (
        "busy",
        "congestion",
        "unobtainable",
    )


def test_without_it_there_is_a_tone(site):
    made = site(LINE % "" + "  subscribers: [{numbers: 13900000001, state: no_service}]\n")
    made.call("13900000001")
    assert not made.facts("announcement") and made.facts("tone", line="1/0", tone="busy")


def test_a_mobile_of_elsewhere_needs_its_zero(site):
    made = site(LINE % "" + "  local_mobiles: ['1380571']\n  subscribers: [{numbers: 13900000001}]\n")
    made.call("13900000001")
    assert [(f["cause"], f["said"]) for f in made.facts("announcement")] == [(28, "wrong_zero")]
    made.port.hang_up()
    run_s(made.sim, 2)
    made.call("013900000001")
    assert made.facts("call_alert") and len(made.facts("announcement")) == 1


@pytest.mark.parametrize(
    ("form", "shown"), [("shortest", "13900000001"), ("mobile_zero", "013900000001"), ("plus", "+8613900000001")]
)
def test_the_card_gets_callers_in_the_form_of_its_group(site, form, shown):
    places = "  local_mobiles: ['1380571']\n"
    made = site(TRUNK % f", caller_form: {form}" + places + SCRIPT + CALLER % ("88001000", "13900000001", ""))
    run_s(made.sim, 3)
    assert made.setup.caller == shown


def test_callers_who_withhold_their_number(site):
    made = site(TRUNK % "" + SCRIPT + CALLER % ("88001000", "13900000001", ", withheld: 1"))
    run_s(made.sim, 3)
    assert (made.setup.caller, made.setup.restricted) == ("", True)
    line = site(LINE % ", line: {caller_id_absent: P}" + SCRIPT + CALLER % ("88002000", "13900000001", ", withheld: 1"))
    run_s(line.sim, 6)
    ((_at, caller, form),) = line.port.caller_ids
    assert (caller.number, caller.absent, form) == ("", "P", "fsk")


@pytest.mark.parametrize(
    ("shown", "called", "original"),
    [("real", "88001000", ""), ("service", "4006001234", ""), ("redirecting", "88001000", "4006001234")],
)
def test_service_numbers_lead_to_the_trunk(site, shown, called, original):
    service = f"  service_numbers: [{{number: '4006001234', leads_to: '88001000', shown: {shown}}}]\n"
    made = site(TRUNK % "" + service + SCRIPT + CALLER % ("4006001234", "13900000001", ""))
    run_s(made.sim, 3)
    assert (made.setup.called, made.setup.original_called) == (called, original)


def test_a_95_number_is_dialled_to_its_last_digit(site):
    service = "  service_numbers: [{number: '95588', leads_to: '88009999'}]\n  subscribers: [{numbers: '88009999'}]\n"
    made = site(LINE % "" + service)
    made.call("95588")
    assert made.facts("call_route") and made.facts("call_route")[0]["line"] == "057188009999"


def test_far_calls_ring_longer(site):
    made = site(
        LINE % "" + "  timers: {no_answer_s: 20, no_answer_national_s: 30}\n  subscribers: [{numbers: '01066554433'}]\n"
    )
    made.call("01066554433", 28)
    assert not made.facts("call_end")
    run_s(made.sim, 8)
    assert made.facts("call_end")[0]["cause"] == 19


def test_an_answering_machine_greets_beeps_listens_and_hangs_up(site):
    made = site(LINE % "" + "  subscribers: [{numbers: 13900000001, script: answering_machine}]\n")
    made.call("13900000001", 45)
    (greeting,) = made.facts("spoke")
    beeps = made.facts("sounded")
    assert greeting["file"] == "machine.wav" and [b["hz"] for b in beeps] == [1000, 1000]
    assert beeps[0]["t_us"] - greeting["t_us"] > 4_000_000, "the beep comes after the greeting"
    (silence,) = made.facts("silence_heard")
    assert silence["t_us"] - beeps[0]["t_us"] > 6_000_000
    assert made.facts("call_end")[0]["by"] == "called" and made.facts("tone", line="1/0", tone="busy")


def test_an_answering_machine_hangs_up_on_busy_tone(site):
    made = site(LINE % "" + "  subscribers: [{numbers: 13900000001, script: answering_machine}]\n")
    made.call("13900000001", 20)
    made.port.hang_up()
    run_s(made.sim, 10)
    (end,) = made.facts("script_end")
    assert end["outcome"] == "cleared" and not made.facts("silence_heard")


def test_a_fax_answers_with_ced(site):
    made = site(LINE % "" + "  subscribers: [{numbers: 13900000001, script: fax}]\n")
    detector = made.sim.engine.tone_detect(made.port.line.set_leg, 2100, 60)
    heard = []
    made.sim.on_engine(made.port.line.set_leg, lambda e: heard.append((e.kind.name, e.b)) if e.id == detector else None)
    made.call("13900000001", 25)
    on_ms = [ms for kind, ms in heard if kind == "TONE_OFF"]
    assert len(on_ms) == 1 and 2500 < on_ms[0] < 4200
    assert not made.facts("chirp") and not made.facts("spoke")


def test_a_fax_that_calls_sends_cng(site):
    made = site(LINE % "" + "callers: [{name: c, called: {'88002000': 1}, scripts: {fax_calls: 1}, at_s: [1]}]\n")
    made.port.answer_ring = 1
    detector = made.sim.engine.tone_detect(made.port.line.set_leg, 1100, 60)
    heard = []
    made.sim.on_engine(made.port.line.set_leg, lambda e: heard.append((e.kind.name, e.b)) if e.id == detector else None)
    run_s(made.sim, 20)
    on_ms = [ms for kind, ms in heard if kind == "TONE_OFF"]
    assert len(on_ms) >= 4 and all(450 < ms < 550 for ms in on_ms)


def test_one_of_the_files_own_goes_before_a_built_in_script(site):
    own = "scripts: {fax: {steps: [{do: answer, after_s: 1}, {do: speak, s: 5}]}}\n"
    made = site(LINE % "" + "  subscribers: [{numbers: 13900000001, script: fax}]\n" + own)
    made.call("13900000001", 12)
    assert made.facts("chirp") and not made.facts("sounded")


def test_the_member_whose_call_came_longest_ago_is_taken():
    class Member:
        free = True

    members = [Member() for _ in range(3)]
    group = HuntGroup("g", members, order=HuntOrder.LEAST_RECENT)
    taken = [members.index(group.choose()) for _ in range(3)]
    members[0].free = False
    taken += [members.index(group.choose()) for _ in range(3)]
    members[0].free = True
    assert [*taken, members.index(group.choose())] == [0, 1, 2, 1, 2, 1, 0]
