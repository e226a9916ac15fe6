"""The simulated kernel: spans and channels of the machine's DAHDI cards, and what belongs to no card.

Channels are configured at first as a system that is set up has them: PRI spans with clear channels and frames in
timeslot 16, R2 spans with line bits, analogue ports with kewlstart. CHANCONFIG changes that. Hardware and its
configuration outlive programs; what a program sets goes with its file.
"""

from __future__ import annotations

from hwsim.kernel.sim import Sim
from hwsim.vendorlibs.dahdi.abi import AlarmBit, Event, Law, Sig
from hwsim.vendorlibs.dahdi.bearer import LegBearer, SlotBearer, Steps
from hwsim.vendorlibs.dahdi.cards import CardSignalling, DahdiCard, DahdiMachine, DahdiPort, DahdiSpan, PortKind
from hwsim.vendorlibs.dahdi.channel import DahdiChannel
from hwsim.vendorlibs.dahdi.conference import Conferences
from hwsim.vendorlibs.dahdi.dynamic import Cables, DynamicSpan
from hwsim.vendorlibs.dahdi.hooks import RxSig
from hwsim.vendorlibs.dahdi.personality import Personality, Removal
from hwsim.vendorlibs.dahdi.ports import FxoModule, FxsModule, Module
from hwsim.vendorlibs.dahdi.span import Device, E1Span, KernelSpan
from hwsim.vendorlibs.dahdi.sysfs import SysTree
from hwsim.vendorlibs.dahdi.zones import Zones, china

SIGNALLING_SLOT = 16
E1_HOOKED = Sig.EM_E1 | Sig.FXSLS | Sig.FXSGS | Sig.FXSKS | Sig.FXOLS | Sig.FXOGS | Sig.FXOKS | Sig.SF | Sig.CAS
MAX_PSEUDO = 512
FIRST_PSEUDO = 32768
NO_DEVICE = 19
"""ENODEV."""


class Kernel:
    """Everything behind /dev/dahdi. Channels and spans are those that are there now."""

    def __init__(self, machine: DahdiMachine, persona: Personality) -> None:
        self.machine = machine
        self.sim: Sim = machine.sim
        self.persona = persona
        self.zones = Zones([china()] if persona.zone_loaded else [])
        self.steps = Steps(self.sim)
        self.spans: list[KernelSpan] = []
        self.channels: dict[int, DahdiChannel] = {}
        self.pseudos: dict[int, DahdiChannel] = {}
        self.cables = Cables(self.sim, persona, self.zones)
        self.conferences = Conferences(self.sim.engine, self.channel, self._conference_set)
        self.tree: SysTree | None = None
        self.echo_cancellers: list[str] = []
        """Those that are loaded: a module is loaded when a channel first wants it."""
        self._of_card: dict[str, list[KernelSpan]] = {}
        self._spare_legs: list[tuple[int, int]] = []
        self._bearers: dict[tuple[int, int], SlotBearer] = {}
        for card in machine.cards:
            card.on_plugged.append(_Plug(self, card))
            if card.fitted and card.plugged:
                self._add_card(card)

    def _conference_set(self, channel: int, conference: int, mode: int) -> None:
        self.sim.truth.note("dahdi_conference", channel=channel, conference=conference, mode=mode)

    def show(self, tree: SysTree) -> None:
        """Keep this tree of files in step with the spans."""
        self.tree = tree
        self._spans_changed()

    def _spans_changed(self) -> None:
        if self.tree:
            self.tree.write(self.spans)
            for span in self.spans:
                span.on_alarms = self.tree.alarms

    # -- finding ------------------------------------------------------------------------------------------------------
    def channel(self, number: int) -> DahdiChannel | None:
        """A channel by its number."""
        return self.channels.get(number) or self.pseudos.get(number)

    def span(self, number: int) -> KernelSpan | None:
        """A span by its number."""
        return next((span for span in self.spans if span.number == number), None)

    # -- pseudo channels ----------------------------------------------------------------------------------------------
    def add_pseudo(self) -> DahdiChannel | None:
        """A channel that belongs to no card; None when there are too many."""
        if len(self.pseudos) >= MAX_PSEUDO:
            return None
        engine = self.sim.engine
        if not self._spare_legs:
            legs = engine.leg_new(), engine.leg_new()
            engine.wire(*legs)
            self._spare_legs.append(legs)
        legs = self._spare_legs.pop()
        number = next(n for n in range(FIRST_PSEUDO, FIRST_PSEUDO + MAX_PSEUDO) if n not in self.pseudos)
        channel = _Pseudo(self, number, legs)
        self.pseudos[number] = channel
        return channel

    def drop_pseudo(self, channel: DahdiChannel) -> None:
        """It was closed."""
        if self.pseudos.pop(channel.number, None) and isinstance(channel, _Pseudo):
            self._spare_legs.append(channel.legs)

    # -- dynamic spans ------------------------------------------------------------------------------------------------
    def add_dynamic(self, address: str, channels: int) -> DynamicSpan | None:
        """A local span; None when two with this key are there."""
        used = {span.number for span in self.spans} | {span.number for span in self.machine.all_spans()}
        number = next(n for n in range(1, 1 << 16) if n not in used)
        below = [span for span in self.spans if span.number < number]
        first = max((span.channels[-1].number for span in below if span.channels), default=0) + 1
        if any(first <= taken < first + channels for taken in self.channels):
            first = max(self.channels) + 1
        span = self.cables.create(address, channels, number, first)
        if span:
            self._add_span(span)
        return span

    def remove_dynamic(self, span: DynamicSpan) -> None:
        """It is gone."""
        self.cables.destroy(span)
        self._drop_span(span)

    # -- cards --------------------------------------------------------------------------------------------------------
    def load(self) -> None:
        """No program has DAHDI open and one comes: as if the modules had just been loaded; they look for cards anew."""
        for card in self.machine.cards:
            self.plugged(card, card.fitted and card.plugged)

    def plugged(self, card: DahdiCard, on: bool) -> None:
        """A card was pulled out or put back."""
        if on and card.fitted and card.name not in self._of_card:
            self._add_card(card)
        elif not on:
            for span in self._of_card.pop(card.name, []):
                self._lose(span)
                span.stop()
                self._drop_span(span)

    def _lose(self, span: KernelSpan) -> None:
        for channel in span.channels:
            if channel.module:
                channel.module.unplugged(True)
            if channel.file is None:
                continue
            if self.persona.removal is Removal.HINT:
                channel.note(Event.REMOVED)
            else:
                channel.file.events.clear()
                channel.file.pending(0)
            channel.file.kill(NO_DEVICE)
            channel.file.hang_up()

    def _add_span(self, span: KernelSpan) -> None:
        self.spans.append(span)
        self.spans.sort(key=lambda one: one.number)
        self.channels.update((channel.number, channel) for channel in span.channels)
        self._spans_changed()

    def _drop_span(self, span: KernelSpan) -> None:
        self.spans.remove(span)
        for channel in span.channels:
            self.channels.pop(channel.number, None)
            self.conferences.gone(channel.number)
        self._spans_changed()

    def _add_card(self, card: DahdiCard) -> None:
        node = f"pci:{card.pci_address}"
        location = f"PCI Bus {card.pci_address[5:7]} Slot {int(card.pci_address[8:10], 16) + 1:02d}"
        device = Device(node, card.model.maker, card.model.name, location, card.serial)
        spans: list[KernelSpan] = []
        for planned in card.spans:
            span = self._e1(planned, card, device) if planned.bus else self._analog(planned, card, device)
            spans.append(span)
            self._add_span(span)
        self._of_card[card.name] = spans

    def _e1(self, planned: DahdiSpan, card: DahdiCard, device: Device) -> KernelSpan:
        assert planned.bus is not None  # noqa: S101 - the caller has looked
        description = f"{card.model.name} Card {card.number} Span {card.spans.index(planned) + 1}"
        end = planned.bus.card
        span = E1Span(self.sim, planned.number, planned.name, description, device, self.persona, end)
        cas = planned.plan is not None and planned.plan.signalling is CardSignalling.R2
        for slot in range(1, 32):
            signalling = slot == SIGNALLING_SLOT
            capable = 0 if cas and signalling else Sig.CLEAR | (E1_HOOKED if cas else 0)
            number, name = planned.first_channel + slot - 1, f"{planned.name}/{slot}"
            bearer = self._slot_bearer(planned, slot)
            channel = DahdiChannel(self.sim, number, slot, name, span, bearer, self.zones, capable=capable)
            span.channels.append(channel)
        for channel in span.channels:
            signalling = channel.position == SIGNALLING_SLOT
            if not cas:
                channel.configure(Sig.HDLCFCS if signalling else Sig.CLEAR)
            elif not signalling:
                channel.configure(Sig.CAS, idle_bits=self.persona.idle_bits)
        return span

    def _slot_bearer(self, planned: DahdiSpan, slot: int) -> SlotBearer:
        assert planned.bus is not None  # noqa: S101 - the caller has looked
        return SlotBearer(planned.bus.card.channel(slot))

    def _analog(self, planned: DahdiSpan, card: DahdiCard, device: Device) -> KernelSpan:
        kinds = {port.kind for port in planned.ports if port.kind is not PortKind.EMPTY}
        kind = next(iter(kinds)).upper() if len(kinds) == 1 else "ANALOG_MIXED"
        description = f"{card.model.name} Board {card.number + 1}"
        span = KernelSpan(self.sim, planned.number, planned.name, description, kind, device, self.persona)
        span.law = self.persona.analog_law
        for port in planned.ports:
            number = planned.first_channel + port.number - 1
            name = f"{planned.name}/{port.number - 1 + card.model.channel_base}"
            span.channels.append(self._port(port, number, name, span))
        for channel, port in zip(span.channels, planned.ports, strict=True):
            if port.line:
                channel.configure(Sig.FXSKS if port.kind is PortKind.FXO else Sig.FXOKS)
        return span

    def _port(self, port: DahdiPort, number: int, name: str, span: KernelSpan) -> DahdiChannel:
        if port.line is None:
            return DahdiChannel(self.sim, number, port.number, name, span, _Nothing(), self.zones, capable=0)
        above = _Above()
        maker = FxoModule if port.kind is PortKind.FXO else FxsModule
        module: Module = maker(self.sim, port.line, self.persona, above)
        bearer = LegBearer(self.steps, module.leg)
        law = self.persona.analog_law
        channel = DahdiChannel(
            self.sim,
            number,
            port.number,
            name,
            span,
            bearer,
            self.zones,
            wire_law=Law(law),
            capable=module.capable,
            module=module,
        )
        above.channel = channel
        return channel


class _Plug:
    """What a card tells."""

    def __init__(self, kernel: Kernel, card: DahdiCard) -> None:
        self._kernel = kernel
        self._card = card

    def __call__(self, on: bool) -> None:
        self._kernel.plugged(self._card, on)


class _Above:
    """Stands for a channel while its module is being made."""

    channel: DahdiChannel | None = None

    def hook_signal(self, rx: RxSig) -> None:
        if self.channel:
            self.channel.hook_signal(rx)

    def note(self, event: int) -> None:
        if self.channel:
            self.channel.note(event)

    def set_alarms(self, alarms: AlarmBit) -> None:
        if self.channel:
            self.channel.set_alarms(alarms)


class _Nothing:
    """An empty socket."""

    leg: int | None = None
    rx_bits = 0

    def attach(self, sink: object) -> None:
        pass

    def open_sound(self) -> None:
        pass

    def open_frames(self) -> None:
        pass

    def close(self) -> None:
        pass

    def send_frame(self, frame: bytes) -> None:
        pass

    def send_bits(self, abcd: int) -> None:
        pass


class _Pseudo(DahdiChannel):
    """A pseudo channel: what conferences it is in say is heard at `legs[0]`."""

    def __init__(self, kernel: Kernel, number: int, legs: tuple[int, int]) -> None:
        self.legs = legs
        bearer = LegBearer(kernel.steps, legs[0])
        super().__init__(kernel.sim, number, 0, f"Pseudo/{number}", None, bearer, kernel.zones, capable=0)

    @property
    def sink_leg(self) -> int:
        """Where sound for it must be said."""
        return self.legs[1]
