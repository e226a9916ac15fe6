"""The behaviour behind the simulated libdahdiio.so: open files of all programs, requests, waiting.

Calls of the shim (`call.c`):

    open(text path, i32 flags)                                         → 0 or -errno, and two descriptors
    close(i32 file)                                                    → 0
    ioctl(i32 file, i32 request, blob, i32 nonblock, i32 mark taken)   → 0 or more or -errno, blob
    kick(i32 file)                                                     → 0: a frame was written, or a tone must stop
    wait(blob of (u32 file, u32 mask), i32 timeout_ms)                 → how many are ready; 0: the time is over

A program that ends, however, has all its files closed, as the kernel does it.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from errno import EBADF, EBUSY, EINPROGRESS, EINVAL, ENODEV, ENOENT, ENOMEM, ENOSYS, ENOTTY, ENXIO

from hwsim.kernel.sim import Sim, Timer
from hwsim.vendorlibs.dahdi import abi, control, requests
from hwsim.vendorlibs.dahdi.abi import Hook, Mux, Request, Sig
from hwsim.vendorlibs.dahdi.cards import DahdiMachine
from hwsim.vendorlibs.dahdi.channel import DahdiChannel
from hwsim.vendorlibs.dahdi.faults import Faults
from hwsim.vendorlibs.dahdi.file import OpenFile
from hwsim.vendorlibs.dahdi.kernel import Kernel
from hwsim.vendorlibs.dahdi.personality import Personality
from hwsim.vendorlibs.dahdi.shared import Field, Flag, Kind
from hwsim.vendorlibs.dahdi.span import sync_source
from hwsim.vendorlibs.dahdi.timerfile import TimerFile
from hwsim.vendorlibs.rpc import PARKED, Client, Connection, Parked, Reply
from hwsim.vendorlibs.wire import File, Value

FOLDER = "/dev/dahdi/"
_PAIR = struct.Struct("=II")

Answer = tuple[int, bytes]


@dataclass(eq=False)
class Waiter:
    """A thread that waits for one of several conditions; `request`: in SYNC or IOMUX."""

    conn: Connection
    wanted: list[tuple[OpenFile, Mux]]
    request: int = 0
    timer: Timer | None = None

    def look(self) -> Reply | None:
        """The answer, if it is time for one."""
        met = [file.ready & mask for file, mask in self.wanted]
        gone = any(file.page.fields[Field.DEAD] for file, _mask in self.wanted)
        if not any(met) and not gone:
            return None
        if gone and self.request:
            return Reply(-ENODEV)
        if self.request == Request.IOMUX:
            return Reply(0, (abi.INT.pack(met[0]),))
        return Reply(0) if self.request else Reply(max(1, sum(map(bool, met))))


class DahdiLibrary:
    """Implements `hwsim.vendorlibs.rpc.VendorLibrary`."""

    waits: frozenset[str] = frozenset()

    def __init__(self, machine: DahdiMachine, persona: Personality | None = None, *, lockstep: bool = False) -> None:
        self.machine = machine
        self.sim: Sim = machine.sim
        self.kernel = Kernel(machine, persona or Personality())
        self.faults = Faults(self.kernel)
        self.files: dict[int, OpenFile] = {}
        self._channels: dict[int, DahdiChannel] = {}
        self._timers: dict[int, TimerFile] = {}
        self._waiters: list[Waiter] = []
        self._hooking: list[tuple[Connection, DahdiChannel]] = []
        self._lockstep = lockstep
        self._count = 0
        self._programs = 0

    # -- the rpc server's side ----------------------------------------------------------------------------------------
    def attached(self, client: Client) -> None:
        """A program has called for the first time."""
        if not self._programs:
            self.kernel.load()
        self._programs += 1
        self.sim.truth.note("dahdi_attached", pid=client.pid)

    def detached(self, client: Client) -> None:
        """A program has ended: its files are closed."""
        for file in [file for file in self.files.values() if file.client is client]:
            self._close(file)
        self._waiters = [waiter for waiter in self._waiters if waiter.conn.client is not client]
        self._hooking = [entry for entry in self._hooking if entry[0].client is not client]
        self._programs -= 1
        self.sim.truth.note("dahdi_detached", pid=client.pid)

    def call(self, conn: Connection, name: str, args: tuple[Value, ...], files: dict[int, File]) -> Reply | Parked:
        """Carry out one call."""
        match name, args:
            case "open", (str(path), int(flags)):
                return self._open(conn, path, flags)
            case "close", (int(number),):
                file = self.files.get(number)
                if file:
                    self._close(file)
                return Reply(0)
            case "ioctl", (int(number), int(request), bytes(octets), int(nonblock), int(taken)):
                return self._ioctl(conn, number, request & 0xFFFFFFFF, octets, bool(nonblock), bool(taken))
            case "kick", (int(number),):
                channel = self._channels.get(number)
                if channel:
                    channel.kicked()
                return Reply(0)
            case "wait", (bytes(pairs), int(timeout_ms)):
                return self._wait(conn, pairs, timeout_ms)
            case _:
                return Reply(-ENOSYS)

    # -- files --------------------------------------------------------------------------------------------------------
    def _open(self, conn: Connection, path: str, flags: int) -> Reply:
        name = path.removeprefix(FOLDER)
        if not path.startswith(FOLDER) or not name:
            return Reply(-ENOENT)
        kinds = {"ctl": Kind.CTL, "channel": Kind.UNSPECIFIED, "timer": Kind.TIMER, "pseudo": Kind.UNSPECIFIED}
        channel: DahdiChannel | None = None
        if name not in kinds:
            channel = self._named(name)
            if channel is None:
                return Reply(-ENOENT)
            refused = self._refused(channel)
            if refused:
                return Reply(-refused)
        elif name == "pseudo":
            channel = self.kernel.add_pseudo()
            if channel is None:
                return Reply(-ENOMEM)
        assert conn.client is not None  # noqa: S101 - a call comes after a hello
        self._count += 1
        file = OpenFile(self.sim, self._count, kinds.get(name, Kind.UNSPECIFIED), conn.client, self._changed)
        file.nonblock = bool(flags & os.O_NONBLOCK)
        file.flag(Flag.LOCKSTEP, self._lockstep)
        self.files[file.number] = file
        if file.kind is Kind.TIMER:
            self._timers[file.number] = TimerFile(self.sim, file)
        elif channel:
            self._attach(file, channel)
        return Reply(0, fds=file.hand_over())

    def _named(self, name: str) -> DahdiChannel | None:
        """The channel of a file: its number, or chan/SPAN/POSITION."""
        parts = name.split("/")
        if not all(part.isdecimal() and len(part) < 6 for part in parts[-2:]):
            return None
        if len(parts) == 1:
            return self.kernel.channels.get(int(name))
        span = self.kernel.span(int(parts[1])) if len(parts) == 3 and parts[0] == "chan" else None
        position = int(parts[-1])
        return span.channels[position - 1] if span and 1 <= position <= len(span.channels) else None

    def _refused(self, channel: DahdiChannel) -> int:
        """The errno of opening a channel, or 0."""
        fault = self.faults.open_error(channel)
        if fault:
            return fault
        if channel.sig == Sig.NONE:
            return ENXIO
        return EBUSY if channel.file else 0

    def _attach(self, file: OpenFile, channel: DahdiChannel) -> None:
        self._channels[file.number] = channel
        channel.hooks.settled = lambda: self._hook_done(channel)
        channel.open(file)
        if channel.pseudo:
            channel.settings.audio = True
        self.sim.truth.note("dahdi_open", channel=channel.number, pid=file.client.pid)

    def _close(self, file: OpenFile) -> None:
        del self.files[file.number]
        for waiter in [waiter for waiter in self._waiters if any(one is file for one, _mask in waiter.wanted)]:
            self._release(waiter, Reply(-ENODEV))
        channel = self._channels.pop(file.number, None)
        timer = self._timers.pop(file.number, None)
        if channel:
            self.kernel.conferences.leave(channel)
            if channel.settings.looped:
                requests.loop(self.kernel, channel, abi.INT.pack(0))
            channel.close()
            if channel.pseudo:
                self.kernel.drop_pseudo(channel)
            self.sim.truth.note("dahdi_close", channel=channel.number, pid=file.client.pid)
        if timer:
            timer.close()
        file.close()

    # -- requests -----------------------------------------------------------------------------------------------------
    def _ioctl(
        self, conn: Connection, number: int, request: int, octets: bytes, nonblock: bool, taken: bool
    ) -> Reply | Parked:
        file = self.files.get(number)
        if file is None:
            return Reply(-EBADF)
        file.nonblock = nonblock
        if taken:
            file.mark_taken()
        if len(octets) < (request >> 16 & 0x3FFF if request >> 30 & abi.WRITE else 0):
            return Reply(-EINVAL)
        channel = self._channels.get(number)
        answer = self._waiting_request(conn, file, channel, request, octets)
        if answer is None:
            answer = self.faults.answer(channel, request) or self._answer(file, channel, request, octets)
        file.mark()
        if isinstance(answer, Parked):
            return answer
        result, back = answer
        if result == -EINPROGRESS and not nonblock and channel:
            if abi.INT.unpack(octets)[0] in (Hook.WINK, Hook.FLASH):
                self._hooking.append((conn, channel))
                return PARKED
            result = 0
        wants = request >> 30 & abi.READ and request >> 16 & 0x3FFF
        return Reply(result, (back or None,) if wants else ())

    def _waiting_request(
        self, conn: Connection, file: OpenFile, channel: DahdiChannel | None, request: int, octets: bytes
    ) -> Answer | Parked | None:
        """IOMUX and SYNC; None for other requests."""
        if channel is None or channel.sending is None or request not in (Request.IOMUX, Request.SYNC):
            return None
        mask = Mux(requests.number(octets)) if request == Request.IOMUX else Mux.WRITEEMPTY
        if not mask:
            return -EINVAL, b""
        if mask & Mux.WRITEEMPTY:
            channel.sending.release()
        found = file.ready & mask
        if found or mask & Mux.NOWAIT:
            return 0, abi.INT.pack(found)
        self._waiters.append(Waiter(conn, [(file, mask)], request))
        return PARKED

    def _answer(self, file: OpenFile, channel: DahdiChannel | None, request: int, octets: bytes) -> Answer:
        if file.number in self._timers:
            return self._timers[file.number].ioctl(request, octets)
        if file.kind is Kind.CTL:
            return self._control(request, octets)
        if channel is None:
            return self._specify(file, octets) if request == Request.SPECIFY else (-ENOSYS, b"")
        if file.page.fields[Field.DEAD] and not (request == Request.GETEVENT and file.events):
            return -int(file.page.fields[Field.DEAD]), b""
        handler = requests.TABLE.get(request)
        if handler:
            return _both(handler(self.kernel, channel, octets))
        return self._common(channel, request, octets)

    def _control(self, request: int, octets: bytes) -> Answer:
        handler = control.TABLE.get(request)
        if handler:
            return _both(handler(self.kernel, octets))
        if request in (Request.GET_PARAMS, Request.GET_PARAMS_V1, Request.SET_PARAMS, Request.GETGAINS):
            number = abi.INT.unpack_from(octets)[0] if octets else 0
        elif request == Request.SETGAINS:
            number = abi.GAINS.unpack(octets)[0]
        else:
            return self._span_status(None, octets) if request == Request.SPANSTAT else (-ENOTTY, b"")
        channel = self.kernel.channel(number)
        return self._common(channel, request, octets) if channel else (-EINVAL, b"")

    def _common(self, channel: DahdiChannel, request: int, octets: bytes) -> Answer:
        """Requests of channels and of the control file alike."""
        match request:
            case Request.GET_PARAMS | Request.GET_PARAMS_V1:
                return 0, requests.get_params(channel)
            case Request.SET_PARAMS:
                return requests.set_params(channel, octets), b""
            case Request.GETGAINS:
                return 0, requests.get_gains(channel)
            case Request.SETGAINS:
                return requests.set_gains(channel, octets), b""
            case Request.SPANSTAT:
                return self._span_status(channel, octets)
            case _:
                return requests.of_card(channel, request, octets), b""

    def _span_status(self, channel: DahdiChannel | None, octets: bytes) -> Answer:
        number = abi.INT.unpack_from(octets)[0]
        span = self.kernel.span(number) if number else channel.span if channel else None
        if span is None:
            return -EINVAL, b""
        return 0, span.status(len(self.kernel.spans), sync_source(self.kernel.spans))

    def _specify(self, file: OpenFile, octets: bytes) -> Answer:
        channel = self.kernel.channel(requests.number(octets))
        if channel is None or channel.pseudo:
            return -EINVAL, b""
        refused = self._refused(channel)
        if refused:
            return -refused, b""
        self._attach(file, channel)
        return 0, b""

    # -- waiting ------------------------------------------------------------------------------------------------------
    def _wait(self, conn: Connection, pairs: bytes, timeout_ms: int) -> Reply | Parked:
        wanted = [(self.files[number], Mux(mask & 15)) for number, mask in _pairs(pairs) if number in self.files]
        if not wanted and timeout_ms < 0:
            return Reply(-ENODEV)
        waiter = Waiter(conn, wanted)
        answer = waiter.look()
        if answer or not timeout_ms:
            return answer or Reply(0)
        if timeout_ms > 0:
            waiter.timer = self.sim.later(timeout_ms, self._wait_over, waiter)
        self._waiters.append(waiter)
        return PARKED

    def _wait_over(self, waiter: Waiter) -> None:
        if waiter in self._waiters:
            self._release(waiter, Reply(0))

    def _changed(self, _file: OpenFile) -> None:
        if not self._waiters:
            return
        for waiter in tuple(self._waiters):
            answer = waiter.look()
            if answer:
                self._release(waiter, answer)

    def _release(self, waiter: Waiter, answer: Reply) -> None:
        self._waiters.remove(waiter)
        if waiter.timer:
            waiter.timer.cancel()
        waiter.conn.reply(answer)

    def _hook_done(self, channel: DahdiChannel) -> None:
        for entry in [entry for entry in self._hooking if entry[1] is channel]:
            self._hooking.remove(entry)
            entry[0].reply(Reply(0))


def _both(answer: int | Answer) -> Answer:
    return (answer, b"") if isinstance(answer, int) else answer


def _pairs(octets: bytes) -> list[tuple[int, int]]:
    return [_PAIR.unpack_from(octets, at) for at in range(0, len(octets) - _PAIR.size + 1, _PAIR.size)]
