"""Card models of the DAHDI family: ports, kernel module, PCI identity, names (others.md 1 and 3).

Many clones share one vendor and device; then only the subsystem vendor tells them apart. Where a model has several
generations the newest one's numbers stand here. Cards that are not here on purpose: T1 only, BRI, transcoders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pci:
    """PCI identity. `subvendor` and `subdevice` 0: the driver does not look at them."""

    vendor: int
    device: int
    subvendor: int = 0
    subdevice: int = 0


@dataclass(frozen=True, slots=True)
class Model:
    """What a model name says. Exactly one of `spans` (E1) and `ports` (sockets for FXO and FXS modules) is not zero.

    `span_name` is what the kernel's driver calls a span: `{ports}` the card's number of E1s, `{card}` the number of the
    card among those of its module, `{span}` the E1 on the card, from 1; channels add `/<channel>`.
    """

    name: str
    maker: str
    module: str
    pci: Pci
    spans: int = 0
    ports: int = 0
    modules: str = "OS"
    """Kinds of module that fit."""
    span_name: str = ""
    channel_base: int = 1
    """The first channel's number in channel names."""

    @property
    def analog(self) -> bool:
        """Whether it has sockets for analogue modules."""
        return self.ports > 0


DIGIUM, OPENVOX, TIGER, XILINX, MOTOROLA = 0xD161, 0x1B74, 0xE159, 0x10EE, 0x1057

TE = "TE{ports}/{card}/{span}"
WCT1 = "WCT1/{card}"
WCT13X = "WCT13x/{card}"
WCTE43 = "WCTE{ports}/{card}/{span}"
"""Inferred: the fact sheet has no name for this module."""


def _e1(maker: str, name: str, module: str, spans: int, pci: Pci, span_name: str) -> Model:
    return Model(name, maker, module, pci, spans=spans, span_name=span_name)


def _analog(maker: str, name: str, module: str, ports: int, pci: Pci, span_name: str, modules: str = "OS") -> Model:
    return Model(name, maker, module, pci, ports=ports, modules=modules, span_name=span_name, channel_base=0)


def _table() -> Iterable[Model]:
    # E1 of Digium; those with an echo canceller module have the identity of the card without it.
    for names, spans, device, subvendor in (
        (("TE405P", "TE407P"), 4, 0x1405, 0x0005),
        (("TE410P", "TE412P"), 4, 0x1410, 0x0005),
        (("TE420",), 4, 0x1420, 0x0005),
        (("TE205P", "TE207P"), 2, 0x1205, 0x0005),
        (("TE210P", "TE212P"), 2, 0x1210, 0x0005),
        (("TE220",), 2, 0x1220, 0x0005),
        (("TE820",), 8, 0x1820, 0),
    ):
        for name in names:
            yield _e1("Digium", name, "wct4xxp", spans, Pci(DIGIUM, device, subvendor), TE)
    yield _e1("Digium", "TE110P", "wcte11xp", 1, Pci(TIGER, 0x0001, 0x71FE), WCT1)
    yield _e1("Digium", "E100P", "wct1xxp", 1, Pci(TIGER, 0x0001, 0x6159), WCT1)
    for name, device in (("TE120P", 0x0120), ("TE121", 0x8000), ("TE122", 0x8001)):
        yield _e1("Digium", name, "wcte12xp", 1, Pci(DIGIUM, device), WCT1)
    for name, device in (("TE131", 0x800A), ("TE133", 0x800A), ("TE132", 0x800B), ("TE134", 0x800B)):
        yield _e1("Digium", name, "wcte13xp", 1, Pci(DIGIUM, device), WCT13X)
    for name, spans, device in (("TE235", 2, 0x800E), ("TE435", 4, 0x800E), ("TE236", 2, 0x8013), ("TE436", 4, 0x8013)):
        yield _e1("Digium", name, "wcte43x", spans, Pci(DIGIUM, device), WCTE43)
    # E1 of OpenVox, in its own fork of the drivers.
    yield _e1("OpenVox", "D110P", "wcte11xp", 1, Pci(TIGER, 0x0001, 0x71FE), WCT1)
    for name, device in (("D115P", 0x0115), ("D115E", 0x0115), ("D130P", 0xD130), ("D130E", 0xD130)):
        yield _e1("OpenVox", name, "opvxd115", 1, Pci(OPENVOX, device), "D115/{card}/{span}")
    for stem, spans, device in (("D210", 2, 0xD210), ("D230", 2, 0xD230), ("D410", 4, 0xD410), ("D430", 4, 0xD430)):
        for bus in "PE":
            yield _e1("OpenVox", f"{stem}{bus}", "wct4xxp", spans, Pci(OPENVOX, device), TE)

    # Analogue of Digium.
    for name, ports, device in (
        ("TDM2400P", 24, 0x2400),
        ("AEX2400", 24, 0x8003),
        ("TDM800P", 8, 0x0800),
        ("AEX800", 8, 0x8002),
        ("TDM410P", 4, 0x8005),
        ("AEX410P", 4, 0x8006),
    ):
        yield _analog("Digium", name, "wctdm24xxp", ports, Pci(DIGIUM, device), "WCTDM/{card}")
    for name, ports, device in (("A8A", 8, 0x800C), ("A8B", 8, 0x800D), ("A4A", 4, 0x800F), ("A4B", 4, 0x8010)):
        yield _analog("Digium", name, "wcaxx", ports, Pci(DIGIUM, device), "WCTDM/{card}")
    yield _analog("Digium", "TDM400P", "wctdm", 4, Pci(TIGER, 0x0001, 0xB1D9), "WCTDM/{card}")
    yield _analog("Digium", "X100P", "wcfxo", 1, Pci(MOTOROLA, 0x5608), "WCFXO/{card}", modules="O")
    # Analogue of OpenVox.
    yield _analog("OpenVox", "A400P", "wctdm", 4, Pci(TIGER, 0x0001, 0xB100, 0x0003), "WCTDM/{card}")
    for name, ports in (("A800P", 8), ("A1200P", 12)):
        yield _analog("OpenVox", name, "opvxa1200", ports, Pci(TIGER, 0x0001, 0x9100), "OPVXA1200/{card}")
    for name, ports, device in (("A810P", 8, 0x0810), ("A1610P", 16, 0x1610), ("A2410P", 24, 0x2410)):
        yield _analog("OpenVox", name, "opvxa24xx", ports, Pci(OPENVOX, device, OPENVOX, 0x0001), "OPVXA24XX/{card}")


MODELS: Mapping[str, Model] = {model.name: model for model in _table()}
"""By name, as the maker prints it."""


def model(name: str) -> Model | None:
    """The model called `name`, or None."""
    return MODELS.get(name)
