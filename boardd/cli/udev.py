"""What the kernel sees on PCI and USB that is, or may be, a telephony device."""

from __future__ import annotations

from typing import Any

import msgspec

from boardd.cli.known_devices import TIGERJET, known_card, known_modem
from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _

COMMUNICATION_CLASSES = ("0702", "0703", "0780", "0480", "ff00")
"""PCI class and subclass: multiport serial, modem, other communication, other multimedia, unassigned."""
PLX = "10b5"
BRIDGE_OTHER = "0680"
"""Voice cards often show only the PLX bridge chip that they sit behind."""
ORDINARY_DRIVERS = ("mei_me", "virtio-pci", "serial", "parport_pc", "snd_hda_intel")
"""Kernel drivers of devices in those classes that are no telephony cards: management engine, VM consoles, ports."""
MODEM_DRIVERS = ("cdc_acm", "option", "qcserial", "sierra")
CDC_ACM = ("02", "02")


class Found(msgspec.Struct, kw_only=True, omit_defaults=False):
    """One device. `known` tells whether the table has it; else it is only of a class that telephony devices use.

    `ids` is vendor:device, `subsystem` the same of the card around the chip (PCI), `driver` the kernel's, `module` the
    one that the card needs, `source` where the id is from, `ports` serial ports with their role (USB).
    """

    bus: str
    address: str
    ids: str
    known: bool
    subsystem: str = ""
    device_class: str = ""
    driver: str = ""
    maker: str = ""
    model: str = ""
    module: str = ""
    source: str = ""
    note: str = ""
    ports: dict[str, str] = {}


def find_devices() -> list[Found]:
    """PCI, then USB, by address. Raises ConfigurationError when udev is not there."""
    try:
        import pyudev  # type: ignore[import-untyped]

        context = pyudev.Context()
    except (ImportError, OSError) as error:
        raise ConfigurationError(_("udev cannot be asked: {error}").format(error=error)) from error
    pci = [_pci(device) for device in context.list_devices(subsystem="pci")]
    usb = [_usb(context, device) for device in context.list_devices(subsystem="usb", DEVTYPE="usb_device")]
    found = [device for device in (*pci, *usb) if device is not None]
    return sorted(found, key=lambda device: (device.bus, device.address))


def _hex4(device: Any, name: str) -> str:
    """A sysfs attribute as four hexadecimal digits, empty when absent."""
    raw = device.attributes.get(name)
    text = raw.decode("ascii", "replace").strip().lower().removeprefix("0x") if raw else ""
    return text[-4:].rjust(4, "0") if text else ""


def _pci(device: Any) -> Found | None:
    vendor, chip = _hex4(device, "vendor"), _hex4(device, "device")
    subvendor, subdevice = _hex4(device, "subsystem_vendor"), _hex4(device, "subsystem_device")
    raw_class = device.attributes.get("class")
    kind = raw_class.decode("ascii", "replace").strip().lower().removeprefix("0x")[:4] if raw_class else ""
    found = Found(
        bus="pci",
        address=device.sys_name,
        ids=f"{vendor}:{chip}",
        known=False,
        subsystem=f"{subvendor}:{subdevice}" if subvendor else "",
        device_class=kind,
        driver=device.driver or "",
    )
    card = known_card(vendor, chip, subvendor, subdevice)
    if card is not None:
        found.known = True
        found.maker, found.model, found.module, found.source = card.maker, card.model, card.module, card.source
        return found
    if (vendor, chip) == TIGERJET:
        found.note = _("interface chip Tiger Jet TJ320; the subsystem vendor is not in the table")
        return found
    likely = kind in COMMUNICATION_CLASSES or (vendor, kind) == (PLX, BRIDGE_OTHER)
    return found if likely and found.driver not in ORDINARY_DRIVERS else None


def _usb(context: Any, device: Any) -> Found | None:
    vendor, product = _hex4(device, "idVendor"), _hex4(device, "idProduct")
    interfaces = list(context.list_devices(subsystem="usb", DEVTYPE="usb_interface", parent=device))
    drivers = sorted({interface.driver for interface in interfaces if interface.driver})
    modem = known_modem(vendor, product)
    found = Found(
        bus="usb",
        address=device.sys_name,
        ids=f"{vendor}:{product}",
        known=modem is not None,
        driver=" ".join(drivers),
        ports=_ports(interfaces, dict(modem.roles) if modem else {}),
    )
    if modem is not None:
        found.maker, found.model, found.source = modem.maker, modem.model, modem.source
        return found
    kinds = {(_text(i, "bInterfaceClass"), _text(i, "bInterfaceSubClass")) for i in interfaces}
    return found if CDC_ACM in kinds or set(drivers) & set(MODEM_DRIVERS) else None


def _text(device: Any, name: str) -> str:
    raw = device.attributes.get(name)
    return raw.decode("ascii", "replace").strip().lower() if raw else ""


def _ports(interfaces: list[Any], roles: dict[int, str]) -> dict[str, str]:
    """Device node -> role of every serial port of these interfaces; empty role when not known."""
    ports = {}
    for interface in interfaces:
        number = int(_text(interface, "bInterfaceNumber") or "0", 16)
        for child in interface.children:
            if child.subsystem == "tty" and child.device_node:
                ports[child.device_node] = roles.get(number, "")
    return dict(sorted(ports.items()))
