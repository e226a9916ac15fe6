import errno
from pathlib import Path

import pytest

from boardd.contract.errors import ConfigurationError, DeviceError
from boardd.native.library import load_library
from drivers.dahdi import _codes
from drivers.dahdi._codes import Alarm, Law, Signalling
from drivers.dahdi._errors import DahdiError, ctl_problem
from drivers.dahdi._native import DECLARATIONS, LIBRARY, Params
from drivers.dahdi.alarms import words
from drivers.dahdi.fxo import has_current
from drivers.dahdi.sysfs import key_of, read_devices

ENUMS = {
    _codes.Request: "",
    _codes.Signalling: "SIG_",
    _codes.Event: "EVENT_",
    _codes.Alarm: "ALARM_",
    _codes.Line: "LINE_",
    _codes.Hook: "",
    _codes.Flush: "FLUSH_",
    _codes.Maint: "MAINT_",
    _codes.Law: "LAW_",
}


@pytest.mark.skipif(not LIBRARY.exists(), reason="build the library first")
@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_numbers_are_those_of_the_declarations(kind: type[_codes.Request]) -> None:
    library = load_library(LIBRARY, DECLARATIONS)
    for member in kind:
        name = f"DAHDI_{ENUMS[kind]}{member.name}"
        if member.name == "RESET_COUNTERS":
            name = "DAHDI_RESET_COUNTERS"
        if int(member) == 0 and member.name == "NONE" and kind is Alarm:
            continue
        if kind is _codes.Flush and member.name == "ALL":
            continue
        assert library.pointer(name) & 0xFFFFFFFF == int(member), name


@pytest.mark.skipif(not LIBRARY.exists(), reason="build the library first")
def test_the_mode_of_kernel_bridges_is_that_of_the_declarations() -> None:
    assert load_library(LIBRARY, DECLARATIONS).pointer("DAHDI_CONF_DIGITALMON") == _codes.CONF_DIGITALMON


def device(root: Path, name: str, hardware_id: str, **spans: int) -> None:
    folder = root / "sys/bus/dahdi_devices/devices" / name
    folder.mkdir(parents=True)
    (folder / "hardware_id").write_text(f"{hardware_id}\n")
    (folder / "location").write_text("PCI Bus 04 Slot 09\n")
    (folder / "manufacturer").write_text("Digium\n")
    (folder / "type").write_text("Wildcard TE420\n")
    for span, local in spans.items():
        inner = folder / span.replace("_", "-")
        inner.mkdir()
        (inner / "local_spanno").write_text(f"{local}\n")


def test_devices_by_hardware_id_or_place(tmp_path: Path) -> None:
    device(tmp_path, "pci:0000:05:08.0", "", span_1=1)
    device(tmp_path, "pci:0000:04:08.0", "TE420 000123", span_3=1, span_2=2)
    first, second = read_devices(tmp_path)
    assert (first.key, dict(first.spans), first.manufacturer) == ("TE420-000123", {2: 2, 3: 1}, "Digium")
    assert (second.key, dict(second.spans)) == ("pci-0000-05-08.0", {1: 1})
    assert read_devices(tmp_path / "nothing") == []
    assert key_of("usb:X1/äö 7") == "usb-X1-7" and len(key_of("x" * 99)) == 28


@pytest.mark.parametrize(
    ("mask", "before", "found"),
    [
        (Alarm.NONE, (), ()),
        (Alarm.RED | Alarm.LOS, (), ("los",)),
        (Alarm.RED | Alarm.LFA, (), ("lof",)),
        (Alarm.RED, (), ("los",)),
        (Alarm.BLUE | Alarm.RED, (), ("ais",)),
        (Alarm.YELLOW, (), ("rai",)),
        (Alarm.LMFA, (), ("lmf",)),
        (Alarm.RECOVER, ("los",), ("los",)),
        (Alarm.RECOVER, (), ("recovering",)),
        (Alarm.NOTOPEN, (), ()),
        (Alarm.LOOPBACK, (), ("loop",)),
    ],
)
def test_words_of_alarms(mask: Alarm, before: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert words(mask, before) == found


def test_errors_say_what_to_do() -> None:
    gone = DahdiError("HOOK", errno.ENODEV, channel="an/1")
    assert gone.gone and gone.message == "HOOK: No such device (ENODEV)" and gone.data["channel"] == "an/1"
    silent = DahdiError("HOOK", errno.ENODATA)
    assert "loadzone=cn" in silent.message and "system.conf" not in DahdiError("DIAL", errno.ENODATA).message
    absent = ctl_problem(DahdiError("open", errno.ENOENT), "/dev/dahdi/ctl")
    assert isinstance(absent, DeviceError) and "modprobe dahdi" in absent.message
    refused = ctl_problem(DahdiError("open", errno.EACCES), "/dev/dahdi/ctl")
    assert isinstance(refused, ConfigurationError) and "udev" in refused.message
    busy = DahdiError("open", errno.EBUSY)
    assert ctl_problem(busy, "x") is busy and not busy.gone


@pytest.mark.parametrize(
    ("by_bits", "off_hook", "current"),
    [(False, True, True), (False, False, False), (True, False, True), (True, True, False)],
)
def test_loop_current_of_a_card_and_of_a_channel_bank(by_bits: bool, off_hook: bool, current: bool) -> None:
    """A bank on an E1 shows its feed at rest: the kernel calls what differs from it off-hook."""
    capable = int(Signalling.FXSKS) | (int(Signalling.CAS) if by_bits else 0)
    params = Params(5, 2, 1, int(Signalling.FXSKS), capable, off_hook, Law.ALAW, Alarm.NONE, "")
    assert has_current(params) is current
