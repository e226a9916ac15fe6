"""Who cancels echo: the kernel on channels that have a canceller, the engine on the others. A talk in which the engine
cancels cannot be the kernel's.
"""

import asyncio
import sys
from pathlib import Path

import pytest
from dahdi_far_end import LIBRARY, LINES, dahdi_machine, on_stage
from dahdi_play import truth

from boardd.contract.driver import Connected, LinkChange, Offered
from boardd.testing import Stage
from drivers.dahdi.sound import Sound

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "dahdi_io"))
from diokit import Dio

DECL = Path(__file__).resolve().parents[2] / "drivers" / "dahdi" / "decl"
FIRST = 94
"""DAHDI's number of the first exchange line, behind three E1s."""
pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="build the simulated library first")


@pytest.mark.parametrize("echo", ["auto", "kernel", "engine"])
def test_each_channel_has_one_canceller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, echo: str) -> None:
    engines: list[int] = []
    plain = Sound.cancel_echo
    monkeypatch.setattr(Sound, "cancel_echo", lambda self, port, on: (engines.append(port.lane), plain(self, port, on)))

    async def attach(_far: object) -> None:
        dio = Dio(LIBRARY, DECL)
        ctl = dio.open("ctl")
        dio.with_struct(ctl, dio.ATTACH_ECHOCAN, "echo_attach", channel=FIRST, name=b"mg2")
        dio.close(ctl)

    async def body(stage: Stage) -> None:
        for channel in ("an/1", "an/2"):
            mark = stage.log.mark
            await stage.far.call(LINES, "waits")
            offered = await stage.log.wait(Offered, LINES.channels, mark)
            assert offered.channel == channel, "the exchange hunts from the first line on"
            await stage.port(channel).answer()
            await stage.log.wait(Connected, channel, mark)
            await asyncio.sleep(1)
        assert len(engines) == {"auto": 1, "kernel": 0, "engine": 2}[echo]
        await stage.driver.link([LinkChange("an/1", "an/2", True), LinkChange("an/2", "an/1", True)])
        carried = truth(stage, "dahdi_conference", channel=FIRST, mode=9)
        assert bool(carried) is (echo == "kernel")
        for channel in ("an/1", "an/2"):
            await stage.free(channel, 0)

    with dahdi_machine(tmp_path):
        on_stage(
            tmp_path,
            body,
            attach,
            trunks=(LINES,),
            spans="e1/1=none, pbx/1=none, r2/1=none",
            echo=echo,
            bridging="kernel",
        )
