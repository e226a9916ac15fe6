"""The kernel's files about DAHDI's devices and spans, as a tree under the simulator's folder: `sys/bus/dahdi_devices`
and `sys/bus/dahdi_spans`, with the attributes that identify hardware. `dio_root` says where.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from hwsim.vendorlibs.dahdi.abi import LineBit
from hwsim.vendorlibs.dahdi.span import KernelSpan


class SysTree:
    """The tree of one simulated machine."""

    def __init__(self, folder: Path) -> None:
        self.bus = folder / "sys" / "bus"

    def write(self, spans: Sequence[KernelSpan]) -> None:
        """Make the files say what there is now."""
        self.remove()
        devices, lines = self.bus / "dahdi_devices" / "devices", self.bus / "dahdi_spans" / "devices"
        devices.mkdir(parents=True)
        lines.mkdir(parents=True)
        order = 0
        for span in spans:
            device = devices / span.device.node
            if not device.exists():
                device.mkdir()
                of_device = [one for one in spans if one.device is span.device]
                order += 1
                _write(
                    device,
                    manufacturer=span.device.manufacturer,
                    type=span.device.type,
                    hardware_id=span.device.hardware_id,
                    location=span.device.location,
                    span_count=len(of_device),
                    dahdi_spantype="\n".join(f"{index}:{one.kind}" for index, one in enumerate(of_device, 1)),
                    dahdi_registration_time=f"{order:010d}.000000000",
                )
            self._write_span(device / f"span-{span.number}", span, spans)
            (lines / f"span-{span.number}").symlink_to(device / f"span-{span.number}")

    def alarms(self, span: KernelSpan) -> None:
        """The span's alarms changed."""
        file = self.bus / "dahdi_spans" / "devices" / f"span-{span.number}" / "alarms"
        if file.exists():
            file.write_text(f"0x{int(span.alarms):x}\n")

    def remove(self) -> None:
        """There is nothing any more."""
        shutil.rmtree(self.bus.parent, ignore_errors=True)

    def _write_span(self, folder: Path, span: KernelSpan, spans: Sequence[KernelSpan]) -> None:
        folder.mkdir()
        of_device = [one for one in spans if one.device is span.device]
        _write(
            folder,
            name=span.name,
            desc=span.description,
            spantype=span.kind,
            local_spanno=of_device.index(span) + 1,
            alarms=f"0x{int(span.alarms):x}",
            lbo=0,
            syncsrc=span.sync,
            is_digital=int(span.kind in ("E1", "DYNAMIC")),
            is_sync_master=int(span is spans[0]),
            lineconfig=_line_words(span.line),
            linecompat=_line_words(span.capable),
            basechan=span.first_channel(),
            channels=len(span.channels),
        )


def _line_words(line: int) -> str:
    return " ".join(bit.name for bit in LineBit if line & bit and bit.name)


def _write(folder: Path, **values: object) -> None:
    for name, value in values.items():
        (folder / name).write_text(f"{value}\n", encoding="utf-8")
