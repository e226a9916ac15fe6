"""`boardctl scan` on machines that umockdev makes up."""

import json
import subprocess
import sys

import pytest

from boardd.cli.known_devices import PCI_CARDS, USB_MODEMS, known_card

pytestmark = [pytest.mark.appliance, pytest.mark.real_time]

HOST_BRIDGE = "/devices/pci0000:00"


def pci(slot, ids, subsystem, kind, driver=""):
    vendor, device = ids.split(":")
    subvendor, subdevice = subsystem.split(":")
    link = f"L: driver=../../../bus/pci/drivers/{driver}\nE: DRIVER={driver}\n" if driver else ""
    return (
        f"P: {HOST_BRIDGE}/0000:00:{slot}.0\nE: SUBSYSTEM=pci\n{link}"
        f"A: vendor=0x{vendor}\nA: device=0x{device}\nA: subsystem_vendor=0x{subvendor}\n"
        f"A: subsystem_device=0x{subdevice}\nA: class=0x{kind}00\n\n"
    )


def usb(port, vendor, product, interfaces):
    """interfaces: (number, class, subclass, driver, tty)."""
    path = f"{HOST_BRIDGE}/0000:00:14.0/usb1/{port}"
    text = f"P: {path}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: idVendor={vendor}\nA: idProduct={product}\n\n"
    for number, kind, subkind, driver, tty in interfaces:
        inner = f"{path}/{port}:1.{number}"
        link = f"L: driver=../../../../../../bus/usb/drivers/{driver}\nE: DRIVER={driver}\n" if driver else ""
        text += f"P: {inner}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\n{link}"
        text += f"A: bInterfaceClass={kind}\nA: bInterfaceSubClass={subkind}\nA: bInterfaceNumber={number:02x}\n\n"
        if tty:
            text += f"P: {inner}/{tty}/tty/{tty}\nN: {tty}\nE: SUBSYSTEM=tty\n"
            text += f"E: DEVNAME=/dev/{tty}\nA: dev=188:{number}\n\n"
    return text


@pytest.fixture
def scan(tmp_path, needs):
    needs("umockdev-run")

    def run(description, *arguments):
        file = tmp_path / "machine.umockdev"
        file.write_text(description)
        ctl = [sys.executable, "-m", "boardd.cli.main", "--runtime-dir", str(tmp_path), "scan", *arguments]
        command = ["umockdev-run", "--device", str(file), "--", *ctl]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return lambda description, *arguments: (
        run(description, *arguments) if arguments else json.loads(run(description, "--json"))
    )


def test_an_empty_machine(scan):
    found = scan(pci("1f", "8086:a0ef", "8086:0000", "0c03", "xhci_hcd"))
    assert found["known"] == found["unrecognised"] == found["cards"] == []
    assert list(found["problems"]) == ["daemon"]


def test_cards_are_known_by_vendor_device_and_subsystem(scan):
    machine = (
        pci("05", "d161:0205", "0003:0000", "0200", "wct4xxp")
        + pci("06", "e159:0001", "b119:0001", "0780")
        + pci("07", "e159:0001", "b100:0003", "0780")
        + pci("08", "e159:0001", "b100:0000", "0780")
        + pci("09", "1923:0040", "a200:0001", "0780")
        + pci("0a", "1397:08b4", "1397:e888", "0204")
        + pci("0b", "1b74:0810", "1b74:0001", "0780")
    )
    found = scan(machine)
    assert [(d["address"], d["maker"], d["model"], d["module"]) for d in found["known"]] == [
        ("0000:00:05.0", "Digium", "TE205P", "wct4xxp"),
        ("0000:00:06.0", "Digium", "TDM400P", "wctdm"),
        ("0000:00:07.0", "OpenVox", "A400P", "wctdm"),
        ("0000:00:08.0", "Digium", "TDM400P", "wctdm"),
        ("0000:00:09.0", "Sangoma", "A200", "wanpipe"),
        ("0000:00:0a.0", "OpenVox", "B400P", "wcb4xxp"),
        ("0000:00:0b.0", "OpenVox", "A810P", "opvxa24xx"),
    ]
    assert found["known"][0]["driver"] == "wct4xxp" and found["known"][1]["driver"] == ""
    assert all(device["source"] for device in found["known"])


def test_unrecognised_devices_show_what_a_technician_must_send(scan):
    machine = (
        pci("05", "10b5:9054", "1234:5678", "0680")
        + pci("06", "abcd:0001", "abcd:0002", "0780")
        + pci("07", "e159:0001", "1111:0001", "0280")
        + pci("08", "8086:7ae8", "8086:0000", "0780", "mei_me")
        + pci("09", "8086:1234", "8086:0000", "0680")
        + pci("0a", "1af4:1003", "1af4:0003", "0780", "virtio-pci")
    )
    found = scan(machine)
    assert found["known"] == []
    raw = [(d["ids"], d["subsystem"], d["device_class"], d["driver"]) for d in found["unrecognised"]]
    assert raw == [
        ("10b5:9054", "1234:5678", "0680", ""),
        ("abcd:0001", "abcd:0002", "0780", ""),
        ("e159:0001", "1111:0001", "0280", ""),
    ]
    assert "TJ320" in found["unrecognised"][2]["note"]


def test_modems_and_what_their_ports_are_for(scan):
    ports = [(n, "ff", "00", "option", f"ttyUSB{n}") for n in range(4)]
    machine = (
        usb("1-2", "2c7c", "0125", ports)
        + usb("1-3", "1111", "2222", [(0, "02", "02", "cdc_acm", "ttyACM0"), (1, "0a", "00", "", "")])
        + usb("1-4", "3333", "4444", [(0, "03", "01", "usbhid", "")])
    )
    found = scan(machine)
    (modem,) = found["known"]
    assert (modem["maker"], modem["address"], modem["driver"]) == ("Quectel", "1-2", "option")
    assert modem["ports"] == {
        "/dev/ttyUSB0": "diag",
        "/dev/ttyUSB1": "gps or voice",
        "/dev/ttyUSB2": "at",
        "/dev/ttyUSB3": "at",
    }
    (unknown,) = found["unrecognised"]
    assert (unknown["ids"], unknown["ports"]) == ("1111:2222", {"/dev/ttyACM0": ""})


def test_tables_in_both_languages(scan):
    machine = pci("05", "d161:0205", "0003:0000", "0200") + pci("06", "abcd:0001", "abcd:0002", "0780")
    english, chinese = scan(machine, "--lang", "en"), scan(machine, "--lang", "zh_CN")
    assert "Known devices" in english and "TE205P" in english and "abcd:0001" in english
    assert "已知设备" in chinese and "TE205P" in chinese and "未识别" in chinese


def test_the_table_says_nothing_twice():
    rows = [(c.vendor, c.device, c.subvendor, c.subdevice) for c in PCI_CARDS]
    assert len(rows) == len(set(rows))
    assert all(len(part) in (0, 4) and part == part.lower() for row in rows for part in row)
    assert all(c.source for c in PCI_CARDS) and all(m.source for m in USB_MODEMS)
    assert all(known_card(c.vendor, c.device, c.subvendor, c.subdevice) == c for c in PCI_CARDS)
