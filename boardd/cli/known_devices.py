"""Telephony devices by PCI and USB id. Only ids that a public source gives are here; each row names its source.

Sources: "dahdi-linux" and "dahdi-tools" (github.com/asterisk: driver tables and hardware id list), "openvox" (the fork
github.com/openvox-company/dahdi-linux-complete), "wanpipe" (github.com/Distrotech/wanpipe, sdlapci.h), "pci.ids" (the
public PCI id list), "mm-rules" (udev rules of ModemManager), "chan-dongle", "q-forum" (Quectel's forum).

Makers without public ids (Synway, Donjin) are not here: their cards are found through their running library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ANY = ""
TIGERJET = ("e159", "0001")
"""Tiger Jet TJ320: one interface chip on cards of many makers; only the subsystem vendor tells which."""


@dataclass(frozen=True, slots=True)
class PciCard:
    """A card. Ids are four lower-case hexadecimal digits; an empty subsystem id matches any. `module` drives it."""

    vendor: str
    device: str
    maker: str
    model: str
    module: str
    source: str
    subvendor: str = ANY
    subdevice: str = ANY

    def matches(self, vendor: str, device: str, subvendor: str, subdevice: str) -> bool:
        """Whether a device with these ids is this card."""
        return (
            (self.vendor, self.device) == (vendor, device)
            and self.subvendor in (ANY, subvendor)
            and self.subdevice in (ANY, subdevice)
        )

    @property
    def precision(self) -> int:
        """How much the row asks for; the most precise matching row wins."""
        return (self.subvendor != ANY) + (self.subdevice != ANY)


@dataclass(frozen=True, slots=True)
class UsbModem:
    """A cellular module; `roles` tells what its serial interfaces are for."""

    vendor: str
    product: str
    maker: str
    model: str
    source: str
    roles: Mapping[int, str] = field(default_factory=dict)


def _cards(maker: str, source: str, rows: Sequence[tuple[str, str, str]]) -> list[PciCard]:
    """Rows of (ids, model, module); ids is `vendor:device` or `vendor:device/subvendor[:subdevice]`."""
    cards = []
    for ids, model, module in rows:
        main, _slash, sub = ids.partition("/")
        vendor, _colon, device = main.partition(":")
        subvendor, _colon, subdevice = sub.partition(":")
        cards.append(PciCard(vendor, device, maker, model, module, source, subvendor, subdevice))
    return cards


def _tigerjet(subvendors: str, model: str, module: str) -> list[tuple[str, str, str]]:
    return [(f"e159:0001/{subvendor}", model, module) for subvendor in subvendors.split()]


_DIGIUM = _cards(
    "Digium",
    "dahdi-linux",
    [
        ("10ee:0314", "TE410P/TE405P (1st generation)", "wct4xxp"),
        ("d161:0405", "TE405P", "wct4xxp"),
        ("d161:1405/0005", "TE405P (5th generation)", "wct4xxp"),
        ("d161:0410", "TE410P", "wct4xxp"),
        ("d161:1410/0005", "TE410P (5th generation)", "wct4xxp"),
        ("d161:0420/0004", "TE420 (4th generation)", "wct4xxp"),
        ("d161:1420/0005", "TE420 (5th generation)", "wct4xxp"),
        ("d161:0205", "TE205P", "wct4xxp"),
        ("d161:1205/0005", "TE205P (5th generation)", "wct4xxp"),
        ("d161:0210", "TE210P", "wct4xxp"),
        ("d161:1210/0005", "TE210P (5th generation)", "wct4xxp"),
        ("d161:0220/0004", "TE220 (4th generation)", "wct4xxp"),
        ("d161:1220/0005", "TE220 (5th generation)", "wct4xxp"),
        ("d161:1820", "TE820", "wct4xxp"),
        ("d161:0120", "TE120P", "wcte12xp"),
        ("d161:8000", "TE121", "wcte12xp"),
        ("d161:8001", "TE122", "wcte12xp"),
        ("d161:800a", "TE131/TE133", "wcte13xp"),
        ("d161:800b", "TE132/TE134", "wcte13xp"),
        ("d161:800e", "TE235/TE435", "wcte43x"),
        ("d161:8013", "TE236/TE436", "wcte43x"),
        *_tigerjet("71fe 79fe 795e 79de 797e", "TE110P", "wcte11xp"),
        *_tigerjet("6159", "T100P/E100P", "wct1xxp"),
        ("d161:3400", "TC400P (transcoder)", "wctc4xxp"),
        ("d161:8004", "TCE400P (transcoder)", "wctc4xxp"),
        ("d161:2400", "TDM2400P", "wctdm24xxp"),
        ("d161:0800", "TDM800P", "wctdm24xxp"),
        ("d161:8003", "AEX2400", "wctdm24xxp"),
        ("d161:8002", "AEX800", "wctdm24xxp"),
        ("d161:8005", "TDM410P", "wctdm24xxp"),
        ("d161:8006", "AEX410P", "wctdm24xxp"),
        ("d161:8007", "HA8", "wctdm24xxp"),
        ("d161:8008", "HB8", "wctdm24xxp"),
        ("d161:800c", "A8A", "wcaxx"),
        ("d161:800d", "A8B", "wcaxx"),
        ("d161:800f", "A4A", "wcaxx"),
        ("d161:8010", "A4B", "wcaxx"),
        *_tigerjet("b100 b1d9 b118 b119 a9fd a8fd a800 a801 a908 a901", "TDM400P", "wctdm"),
        *_tigerjet("a159 e159", "S400P", "wctdm"),
        ("1057:5608", "X100P", "wcfxo"),
        *_tigerjet("8084 8085 8086 8087", "X100P/X101P", "wcfxo"),
        ("d161:b410", "B410P", "wcb4xxp"),
        ("d161:8014", "B433", "wcb4xxp"),
        ("d161:8015", "B434", "wcb4xxp"),
        ("d161:8016", "B233", "wcb4xxp"),
        ("d161:8017", "B234", "wcb4xxp"),
    ],
)

_OPENVOX = [
    *_cards(
        "OpenVox",
        "dahdi-linux",
        [
            *_tigerjet("9100 9500 9519 9532 9559 9599 95d9 8519", "A800P/A1200P", "opvxa1200"),
            ("e159:0001/b100:0003", "A400P", "wctdm"),
        ],
    ),
    *_cards(
        "OpenVox",
        "openvox",
        [
            ("1b74:0810/1b74:0001", "A810P", "opvxa24xx"),
            ("1b74:1610/1b74:0001", "A1610P", "opvxa24xx"),
            ("1b74:2410/1b74:0001", "A2410P", "opvxa24xx"),
            ("1b74:0115", "D115P", "opvxd115"),
            ("1b74:d130", "D130P", "opvxd115"),
            ("1b74:d210", "D210P", "wct4xxp"),
            ("1b74:d230", "D230P", "wct4xxp"),
            ("1b74:d410", "D410P", "wct4xxp"),
            ("1b74:d430", "D430P", "wct4xxp"),
            ("1b74:1420", "D420", "wct4xxp"),
            ("1397:2bd0", "B100P", "zaphfc"),
            ("1397:08b4/1397:e884", "B200P", "wcb4xxp"),
            ("1397:08b4/1397:e888", "B400P", "wcb4xxp"),
            ("1397:16b8/1397:e998", "B800P", "wcb4xxp"),
            ("1b74:c200", "X204P", "opvxx200"),
        ],
    ),
]

_HFC_SUBDEVICES = (
    *("b520", "b540", "b550", "b552", "b556", "b55b", "b560"),
    *("b562", "b566", "b56b", "b752", "b761", "b762"),
)

_OTHERS = [
    *_cards(
        "Cologne Chip HFC",
        "openvox",
        [
            *(
                (f"1397:{device}/{ANY}:{sub}", "HFC-4S/8S BRI", "wcb4xxp")
                for device in ("08b4", "16b8")
                for sub in _HFC_SUBDEVICES
            ),
            ("1397:30b1", "HFC-E1", "cwain"),
        ],
    ),
    *_cards(
        "Rhino",
        "dahdi-tools",
        [
            ("0b0b:0105", "R1T1", "r1t1"),
            ("0b0b:0205", "R4FXO", "rcbfx"),
            ("0b0b:0206", "R4FXO", "rcbfx"),
            ("0b0b:0305", "R4T1", "rxt1"),
            ("0b0b:0605", "R2T1", "rxt1"),
            *(
                (f"0b0b:{device}", "Rhino card", "")
                for device in ("0405", "0406", "0505", "0506", "0705", "0706", "0906")
            ),
        ],
    ),
    *_cards("Yeastar", "dahdi-tools", _tigerjet("2151", "TDM800", "ystdm8xx")),
    *_cards("Aligera", "dahdi-tools", [("10ee:1004", "AP4xx", "ap400")]),
    *_cards("Tormenta", "dahdi-linux", [(f"10b5:{d}", "Tormenta 2", "tor2") for d in ("3001", "d00d", "4000")]),
]

_SANGOMA_CHIPS = ("0300", "0400", "0030", "0040", "0100", "0020", "0025", "0050", "0120", "0160")
_SANGOMA_CARDS = {
    "a010": "A101",
    "a011": "A102",
    "a013": "A104",
    "a020": "A300",
    "a030": "A305",
    "a111": "A101",
    "a112": "A102",
    "a113": "A104",
    "a114": "A108",
    "a117": "A116",
    "a118": "T116",
    "a115": "A300",
    "a116": "A305",
    "a200": "A200",
    "a400": "A400",
    "a500": "A500",
    "b500": "B500",
    "a700": "A700",
    "a056": "56K",
    "a600": "B600 series",
    "a601": "B600 series",
    "a610": "B600 series",
    "b800": "B800",
    "f400": "W400",
    "a031": "A142/A144",
    "a032": "A142/A144",
    "a033": "A142/A144",
    "a034": "A142/A144",
}
_SANGOMA = [
    *_cards(
        "Sangoma",
        "wanpipe",
        [
            (f"1923:{chip}/{subvendor}", model, "wanpipe")
            for chip in _SANGOMA_CHIPS
            for subvendor, model in _SANGOMA_CARDS.items()
        ],
    ),
    *_cards(
        "Sangoma",
        "pci.ids",
        [
            ("1923:0040", "A200/Remora", "wanpipe"),
            ("1923:0100", "A104d", "wanpipe"),
            ("1923:0300", "A101", "wanpipe"),
            ("1923:0400", "A104u", "wanpipe"),
        ],
    ),
    *_cards("Sangoma", "wanpipe", [("11b0:0002", "S514", "wanpipe")]),
]

PCI_CARDS: tuple[PciCard, ...] = (*_DIGIUM, *_OPENVOX, *_OTHERS, *_SANGOMA)

_QUECTEL = {0: "diag", 1: "gps or voice", 2: "at", 3: "at", 4: "qmi"}
_SHORT_QUECTEL = {0: "diag", 1: "gps", 2: "at", 3: "at"}

USB_MODEMS: tuple[UsbModem, ...] = (
    UsbModem("2c7c", "0125", "Quectel", "EC25/EC20/EG25", "mm-rules", _QUECTEL),
    UsbModem("2c7c", "0191", "Quectel", "EG91", "mm-rules", _SHORT_QUECTEL),
    UsbModem("2c7c", "0195", "Quectel", "EG95", "mm-rules", _SHORT_QUECTEL),
    UsbModem("2c7c", "0306", "Quectel", "EG06", "mm-rules", _SHORT_QUECTEL),
    UsbModem("2c7c", "0121", "Quectel", "EC21", "q-forum", _QUECTEL),
    UsbModem(
        "1e0e", "9001", "SIMCom", "SIM7500/SIM7600", "mm-rules", {0: "diag", 1: "gps", 2: "at", 3: "at", 4: "voice"}
    ),
    UsbModem("1e0e", "9100", "SIMCom", "older modules", "mm-rules", {1: "at", 3: "at"}),
    UsbModem("1e0e", "9200", "SIMCom", "older modules", "mm-rules", {1: "at", 3: "at"}),
    UsbModem("12d1", "1001", "Huawei", "E1550 and like", "chan-dongle", {1: "voice", 2: "at"}),
)


def known_card(vendor: str, device: str, subvendor: str, subdevice: str) -> PciCard | None:
    """The most precise row for these ids, or None."""
    found = [card for card in PCI_CARDS if card.matches(vendor, device, subvendor, subdevice)]
    return max(found, key=lambda card: card.precision, default=None)


def known_modem(vendor: str, product: str) -> UsbModem | None:
    """The module with these ids, or None."""
    return next((modem for modem in USB_MODEMS if (modem.vendor, modem.product) == (vendor, product)), None)
