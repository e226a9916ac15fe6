"""Keys, crash ledger, watchdog, drivers found by entry point."""

import asyncio
from importlib.metadata import EntryPoint

import pytest
from host_fake import FakeDriver
from host_rig import make_site, rig
from host_vloop import virtual

from boardd.contract import driver as d
from boardd.contract.capabilities import ChannelKind, Maintenance
from boardd.contract.driver import CONTRACT_VERSION, DriverDescriptor
from boardd.contract.errors import ArgumentError, ConfigurationError, DeviceError, UnknownIdError
from boardd.contract.states import ChannelState as S
from boardd.host import plugin
from boardd.host.crashes import Crashes
from boardd.host.keys import KeyMemory
from boardd.host.watchdog import STILL_LIMIT_S, Watchdog


# -- keys -------------------------------------------------------------------------------------------------------------
@virtual
async def test_a_key_is_done_once_for_sixty_seconds():
    keys, done = KeyMemory(), []

    async def work():
        done.append(1)
        await asyncio.sleep(1)
        return len(done)

    both = await asyncio.gather(keys.once("a", "k", "m", work), keys.once("a", "k", "m", work))
    assert both == [1, 1]
    assert await keys.once("b", "k", "m", work) == 2
    with pytest.raises(ArgumentError):
        await keys.once("a", "k", "other", work)
    await asyncio.sleep(58)
    assert await keys.once("a", "k", "m", work) == 1
    await asyncio.sleep(2.1)
    assert len(keys) == 0
    assert await keys.once("a", "k", "m", work) == 3
    assert await keys.once("a", "", "m", work) == 4 and await keys.once("a", "", "m", work) == 5


@virtual
async def test_errors_are_remembered_too():
    keys, done = KeyMemory(), []

    async def work():
        done.append(1)
        raise DeviceError("no")

    for _ in range(2):
        with pytest.raises(DeviceError):
            await keys.once("a", "k", "m", work)
    assert len(done) == 1


# -- maintenance ------------------------------------------------------------------------------------------------------
@virtual
async def test_a_span_is_maintained_by_the_driver():
    async with rig() as r:
        await r.do("span.maintain", span="e1a/1", what="line_loop")
        assert r.driver.maintained == [("e1a/1", Maintenance.LINE_LOOP)]
        with pytest.raises(UnknownIdError):
            await r.do("span.maintain", span="e1a/2", what="none")


# -- crashes ----------------------------------------------------------------------------------------------------------
def ledger(tmp_path, boot="b1"):
    return Crashes(tmp_path / "crashes.json", boot, budget=3, window_s=300)


def test_budget_is_spent_by_crashes_in_the_window_only(tmp_path):
    assert all(ledger(tmp_path).begin(now) for now in (0, 1_000, 2_000))
    assert not ledger(tmp_path).begin(3_000)
    assert not ledger(tmp_path).begin(4_000), "a broken host that is restarted stays broken"
    assert ledger(tmp_path).begin(302_500)


def test_a_clean_end_is_no_crash(tmp_path):
    for now in range(0, 10_000, 1_000):
        run = ledger(tmp_path)
        assert run.begin(now)
        run.end()
        assert run.recent == 0


def test_a_reboot_forgets_and_a_reset_too(tmp_path):
    for now in range(4):
        last = ledger(tmp_path)
        last.begin(now)
    assert not ledger(tmp_path).begin(5)
    assert ledger(tmp_path, "b2").begin(6)
    for now in range(10, 14):
        last = ledger(tmp_path)
        last.begin(now)
    last.reset(20)
    assert ledger(tmp_path).begin(21)


def test_a_damaged_ledger_counts_nothing_and_a_full_disk_does_not_hurt(tmp_path):
    (tmp_path / "crashes.json").write_bytes(b"\x00")
    assert ledger(tmp_path).begin(0)
    gone = Crashes(tmp_path / "no" / "crashes.json", "b", 3, 300)
    assert gone.begin(0)


# -- watchdog ---------------------------------------------------------------------------------------------------------
class Notes:
    def __init__(self):
        self.sent = []

    def watchdog(self):
        self.sent.append("WATCHDOG=1")


@virtual
async def test_the_watchdog_is_fed_only_while_every_part_moves():
    notes, still = Notes(), []
    dog = Watchdog(notes, still.append)
    runner = asyncio.get_running_loop().create_task(dog.run())
    await asyncio.sleep(3.5)
    assert len(notes.sent) == 3
    driver = FakeDriver(print)
    dog.watch(driver, ("door", "events"))
    beating = True

    async def events():
        while beating:
            driver.heartbeat.beat("events")
            await asyncio.sleep(0.5)

    beater = asyncio.get_running_loop().create_task(events())
    notes.sent.clear()
    await asyncio.sleep(10)
    assert len(notes.sent) >= 9 and still == []
    beating = False
    await beater
    await asyncio.sleep(2)
    notes.sent.clear()
    await asyncio.sleep(5)
    assert notes.sent == [] and still == []
    await asyncio.sleep(STILL_LIMIT_S)
    assert still and "events" in still[0] and "door" not in still[0]
    runner.cancel()


@virtual
async def test_a_probe_that_hangs_stops_the_door_beat():
    notes, still = Notes(), []
    dog = Watchdog(notes, still.append)
    driver = FakeDriver(print)

    async def hang():
        await asyncio.sleep(3600)

    driver.probe = hang
    runner = asyncio.get_running_loop().create_task(dog.run())
    dog.watch(driver, ("door",))
    await asyncio.sleep(STILL_LIMIT_S + 1.5)
    assert notes.sent == [] and still
    runner.cancel()


# -- drivers ----------------------------------------------------------------------------------------------------------
def descriptor(**changes):
    values = {
        "name": "fake",
        "family": "f",
        "maker": "m",
        "contract_version": CONTRACT_VERSION,
        "kinds": (ChannelKind.FXO,),
        "factory": "host_fake:make",
        "settings_schema": {"lib": "path"},
    }
    return DriverDescriptor(**{**values, **changes})


def install(monkeypatch, thing):
    class Entry:
        name, value = "fake", "somewhere:THING"

        def load(self):
            if isinstance(thing, Exception):
                raise thing
            return thing

    monkeypatch.setattr(plugin, "entry_points", lambda group: [Entry()] if group == "boardd.drivers" else [])


def test_drivers_of_another_contract_are_refused_by_name(monkeypatch):
    install(monkeypatch, descriptor(contract_version=99))
    with pytest.raises(ConfigurationError, match=r"fake.*version 99"):
        plugin.find_driver("fake")
    for bad in (ImportError("gone"), object()):
        install(monkeypatch, bad)
        with pytest.raises(ConfigurationError, match="fake"):
            plugin.find_driver("fake")
    install(monkeypatch, descriptor())
    assert plugin.find_driver("fake").family == "f"
    with pytest.raises(ConfigurationError, match=r"other.*fake"):
        plugin.find_driver("other")


def test_unknown_settings_and_missing_factories_are_refused(monkeypatch, tmp_path):
    site = make_site(tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be imported"):
        plugin.make_driver(descriptor(factory="host_fake:nothing"), "d", site, print)
    site.domains["d"].settings = {"libb": "x"}
    with pytest.raises(ConfigurationError, match="libb"):
        plugin.make_driver(descriptor(), "d", site, print)


def test_the_installed_drivers_are_entry_points():
    assert all(isinstance(entry, EntryPoint) for entry in plugin.entry_points(group=plugin.ENTRY_POINTS))


@virtual
async def test_a_channel_that_the_driver_could_not_open_at_start_is_an_alarm():
    async with rig(broken={"fxo/2": "no such device"}) as r:
        (alarm,) = r.host.alarms.standing()
        assert (alarm.code, alarm.subject, alarm.text) == ("channel_broken", "fxo/2", "no such device")
        r.port("fxo/2").step(S.IDLE)
        r.port("fxo/2").emit(d.Usable("fxo/2", True))
        await r.settle()
        assert r.host.alarms.standing() == []
