"""boardd's R2 span on the card end of a simulated E1, in simulated time."""

from boardd.contract.states import Direction
from boardd.signalling.mfcr2.profile import R2Profile
from boardd.signalling.mfcr2.span import R2Span
from boardd.signalling.span import CallEvent, CallRequest, Incoming, Number, Presentation
from hwsim.spanbus.channel import ChannelEvent, Ready, Use


class SimClock:
    """The simulator's time as a span's clock."""

    def __init__(self, sim):
        self.sim = sim

    def now_us(self):
        return self.sim.now_us

    def at_us(self, due_us, action):
        return self.sim.at(due_us, action)


class BusWire:
    """The channels of one end as a span's wire; what a driver does with descriptors."""

    def __init__(self, end, slots):
        self.end, self.slots, self.span = end, slots, None

    def attach(self, span):
        self.span = span
        for slot in self.slots:
            channel = self.end.channel(slot)
            channel.hook = self._ready
        self.end.on_alarms.append(lambda alarms: span.alarms([str(alarm) for alarm in alarms]))
        span.start([str(alarm) for alarm in self.end.alarms])
        for slot in self.slots:
            span.bits(slot, self.end.channel(slot).rx_bits)

    def send_bits(self, slot, abcd):
        self.end.channel(slot).send_bits(abcd)

    def open_register(self, slot):
        self.end.channel(slot).open_sound()

    def close_register(self, slot):
        self.end.channel(slot).close()

    def _ready(self, channel):
        while channel.ready & Ready.EVENT:
            if channel.take_event() is ChannelEvent.BITS_CHANGED:
                self.span.bits(channel.slot, channel.rx_bits)
        while channel.use is Use.SOUND and (block := channel.read()) is not None:
            said = self.span.sound(channel.slot, block)
            if channel.use is Use.SOUND:
                channel.write(said)


class Site:
    """The driver above the span: answers after `answer_ms` (None: never), refuses with `refuse`
    (a cause, or causes by called number); all is in `events`."""

    def __init__(self, sim, end, slots, profile=None, direction=Direction.BOTH, answer_ms=300, refuse=None):
        self.sim, self.answer_ms, self.refuse = sim, answer_ms, refuse
        self.events = []
        directions = direction if isinstance(direction, dict) else dict.fromkeys(slots, direction)
        self.wire = BusWire(end, slots)
        self.span = R2Span(profile or R2Profile(), directions, self.wire, self._event, SimClock(sim))
        self.wire.attach(self.span)

    def _event(self, event):
        self.events.append(event)
        if isinstance(event, Incoming):
            refuse = self.refuse.get(event.called.digits) if isinstance(self.refuse, dict) else self.refuse
            if refuse is not None:
                self.span.disconnect(event.call, refuse)
            elif self.answer_ms is not None:
                self.span.alerting(event.call)
                self.sim.later(self.answer_ms, self.span.connect, event.call)

    def dial(self, called, caller="88001000", slot=1, category=0, restricted=False):
        shown = Presentation.RESTRICTED if restricted else Presentation.ALLOWED
        return self.span.setup(CallRequest(slot, Number(called), Number(caller, presentation=shown), category=category))

    def of(self, kind, **match):
        return [e for e in self.events if isinstance(e, kind) and all(getattr(e, k) == v for k, v in match.items())]

    def life(self, call=None):
        """The names of a call's events in order."""
        return [type(e).__name__ for e in self.events if isinstance(e, CallEvent) and (call is None or e.call == call)]
