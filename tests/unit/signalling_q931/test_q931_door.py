"""The door to libpri: what is loaded when, what is said when it cannot be, time, and the shipped library itself."""

import subprocess
import sys

import pytest
from door_of_tests import ROOT, build_door, installed_libpri, q931_sources
from virtual import VirtualClock

from boardd.contract.errors import ConfigurationError
from boardd.signalling.q931 import _native
from boardd.signalling.q931.profile import Q931Profile, Side
from boardd.signalling.q931.span import Q931Span

IMPORT_EVERYTHING = """
import importlib, pathlib, sys
import boardd.signalling.q931 as package
for module in pathlib.Path(package.__file__).parent.glob("*.py"):
    importlib.import_module(f"{package.__name__}.{module.stem}")
maps = open("/proc/self/maps").read()
sys.exit("libpri" in maps or "libq931" in maps)
"""


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)


def test_importing_loads_nothing():
    done = python(IMPORT_EVERYTHING)
    assert done.returncode == 0, done.stderr


def test_an_absent_library_is_one_error_that_says_what_to_do(tmp_path, monkeypatch):
    """The door stands in front of a library that no machine has."""
    monkeypatch.setattr(_native, "DOOR", build_door(tmp_path / "libq931.so", q931_sources(), "libnobody.so.9"))
    with pytest.raises(
        ConfigurationError, match=r"libpri\.so\.1\.4 \(package libpri1\.4\).*libnobody.*apt-get install"
    ):
        Q931Span("b1/1", Q931Profile(), VirtualClock(), print, print)


def test_a_door_that_is_not_built(tmp_path, monkeypatch):
    monkeypatch.setattr(_native, "DOOR", tmp_path / "libq931.so")
    with pytest.raises(ConfigurationError, match=r"not built; run: python setup\.py build_ext --inplace"):
        _native.open_native()


def test_another_series_of_the_library_is_refused(tmp_path, monkeypatch):
    """Its events may be laid out differently."""
    source = tmp_path / "other.c"
    names = subprocess.run(["nm", "-D", str(_native.DOOR)], capture_output=True, text=True, check=True).stdout
    wanted = [line.split()[1] for line in names.splitlines() if line.strip().startswith("U ")]
    stubs = "".join(f"int {n}(void) {{ return 0; }}\n" for n in wanted if n.startswith(("pri_", "q931_")))
    stubs = stubs.replace(
        "int pri_get_version(void) { return 0; }", 'const char *pri_get_version(void) { return "1.4.15"; }'
    )
    source.write_text(stubs)
    other = tmp_path / "libother.so"
    subprocess.run(["gcc", "-shared", "-fPIC", str(source), "-o", str(other)], check=True)
    monkeypatch.setattr(_native, "DOOR", build_door(tmp_path / "libq931.so", q931_sources(), other))
    with pytest.raises(ConfigurationError, match=r"version 1\.4\.15; PRI spans need 1\.6\.x"):
        _native.open_native()


def test_names_of_the_door_are_not_names_of_the_library(our_door):
    """One name in both would replace the library's own function: the door is looked at first."""

    def exported(path):
        listing = subprocess.run(["nm", "-D", "--defined-only", str(path)], capture_output=True, text=True, check=True)
        return {line.split()[-1].split("@")[0] for line in listing.stdout.splitlines()}

    door = exported(our_door)
    assert len(door) > 20 and door & exported(installed_libpri()) == set()
    assert door & {"gettimeofday"} == {"gettimeofday"}
    assert all(name.startswith("q9_") for name in door - {"gettimeofday"})


@pytest.mark.parametrize(("side", "sabme"), [(Side.USER, "00017f"), (Side.NETWORK, "02017f")])
def test_the_library_follows_the_clock_of_the_span(side, sabme):
    """A stack whose far end is silent asks again each second of that clock, whatever the machine's clocks do."""
    clock, sent = VirtualClock(start_us=7_000_000_000_000), []
    Q931Span("b1/1", Q931Profile(side=side), clock, lambda f: sent.append((clock.now_us(), f.hex())), print)
    clock.run(3.5)
    assert [round((at - 7_000_000_000_000) / 1e6) for at, _ in sent] == [0, 1, 2, 3]
    assert {frame for _, frame in sent} == {sabme}


class EarlyClock(VirtualClock):
    """Event loops fire a timer when it is due within their resolution: up to 2 us early in lockstep."""

    def at_us(self, due_us, action):
        self.fired = getattr(self, "fired", 0)

        def run():
            self.fired += 1
            assert self.fired < 1000, "the timer is never due"
            action()

        return super().at_us(due_us - 2, run)


def test_a_timer_that_fires_a_little_early():
    clock, sent = EarlyClock(), []
    Q931Span("b1/1", Q931Profile(), clock, lambda frame: sent.append(clock.now_us()), print)
    clock.run(3.5)
    assert len(sent) == 4 and clock.fired < 20


def test_a_process_that_loaded_libpri_otherwise_is_told():
    code = (
        "import ctypes; ctypes.CDLL('libpri.so.1.4');"
        "import sys; sys.path.insert(0, 'tests/unit/signalling_q931');"
        "from virtual import VirtualClock;"
        "from boardd.signalling.q931.span import Q931Span; from boardd.signalling.q931.profile import Q931Profile;"
        "Q931Span('b1/1', Q931Profile(), VirtualClock(), print, print)"
    )
    done = python(code)
    assert "does not follow the span's clock: another part of this process loaded it first" in done.stderr


SHIPPED = """
import sys
sys.path.insert(0, "tests/unit/signalling_q931")
from test_two_spans import Pair
from boardd.signalling.q931 import _native
from boardd.signalling.span import CallRequest, Number
pair = Pair()
call = pair.net.setup(CallRequest(3, Number("1055")))
pair.run(0.1)
pair.user.connect(pair.told["user"][0].call)
pair.run(0.1)
pair.net.disconnect(call)
pair.run(0.1)
print([type(e).__name__ for e in pair.told["net"]], _native.DOOR.name, _native.open_native().version)
maps = open("/proc/self/maps").read()
print("libpri.so" in maps and "boardd/signalling/libq931.so" in maps)
"""


def test_the_shipped_door():
    done = python(SHIPPED)
    assert done.stdout.splitlines()[-2:] == ["['Proceeding', 'Connected', 'Released'] libq931.so 1.6.0", "True"], (
        done.stdout + done.stderr
    )


def test_what_libpri_says_goes_to_the_log_and_not_to_the_terminal(capfd):
    import structlog

    with structlog.testing.capture_logs() as logs:
        clock = VirtualClock()
        span = Q931Span("b1/1", Q931Profile(), clock, lambda frame: None, print)
        clock.run(0.1)
        span.receive(bytes.fromhex("0201ff"))
        for _ in range(200):
            span.receive(bytes.fromhex("020187"))
        clock.run(2)
        span.receive(bytes.fromhex("0201ff"))
    texts = [entry for entry in logs if entry["event"] == "libpri"]
    assert texts and all(entry["span"] == "b1/1" for entry in texts)
    assert len(texts) <= 45, "a line with errors must not fill the disk"
    out, err = capfd.readouterr()
    assert out == "" and err == ""


def test_frames_that_are_none():
    clock = VirtualClock()
    told = []
    span = Q931Span("b1/1", Q931Profile(), clock, lambda frame: None, told.append)
    for frame in (b"", b"\x02", b"\x02\x01", b"\x02\x01\x7f" + bytes(600)):
        span.receive(frame)
    assert span.describe()["counters"]["refused_in"] == 4 and told == []


def test_one_process_has_many_spans():
    """Sixteen E1s; each has its own link, calls and numbers."""
    from test_two_spans import Pair

    from boardd.signalling.span import CallRequest, Number

    pairs = [Pair() for _ in range(8)]
    for index, pair in enumerate(pairs):
        pair.net.setup(CallRequest(1, Number(f"10{index:02d}")))
        pair.run(0.1)
    assert [pair.take("user")[0].called.digits for pair in pairs] == [f"10{i:02d}" for i in range(8)]
