"""The far ends of pairs: an office at an exchange line of boardd's, a telephone at a telephone port of boardd's."""

from collections import deque

from diokit import ELAST, POLLIN, POLLPRI
from sounds import BLOCK, SILENCE, DigitEar, digits, tone

EAGAIN, EBUSY, EINPROGRESS = 11, 16, 115
ALAW, BUFFERS, AHEAD = 2, 8, 2
"""Law, blocks in the kernel, and blocks of silence before the first sound: a moment that is late makes no hole."""
CADENCE_MS = [1000, 4000]
DIAL_TONE, RING_BACK = tone(1000, (450, -10)), tone(1000, (450, -10)) + tone(4000)
BUSY = tone(350, (450, -10)) + tone(350)


class Pair:
    """One pair. `note(what, **fields)` is told of the kernel's events by name, and of keys that were heard."""

    ears = True

    def __init__(self, dio, number, note):
        self.dio, self.number, self.note = dio, number, note
        self.fd = dio.channel(number)
        dio.ioctl(self.fd, dio.SETLAW, ALAW)
        dio.buffers(self.fd, BUFFERS, BLOCK)
        dio.with_struct(self.fd, dio.SETCADENCE, "ring_cadence", ms=CADENCE_MS)
        self._say, self._again, self._ear = deque(), b"", DigitEar()
        self.names = {getattr(dio, f"EVENT_{name}"): name.lower() for name in EVENTS}
        self.open = self._running = False
        """Whether sound is to be heard and sent; whether it is being sent."""

    @property
    def mask(self):
        return POLLPRI | POLLIN

    def hook(self, value):
        """A change of the hook; those that take time are on their way."""
        try:
            self.dio.ioctl(self.fd, self.dio.HOOK, value)
        except OSError as error:
            if error.errno not in (EINPROGRESS, EBUSY):
                raise

    def say(self, sound, again=False):
        """Send a sound instead of what was sent; `again`: for ever."""
        self._say = deque(sound[i : i + BLOCK] for i in range(0, len(sound), BLOCK))
        self._again = sound if again else b""

    def hear_anew(self):
        self._ear = DigitEar()

    def look(self):
        """Something waits on the file."""
        while event := self.dio.event(self.fd):
            pulses = event & self.dio.EVENT_PULSEDIGIT
            name = f"pulses {chr(event & 0xFF)}" if pulses else self.names.get(event, str(event))
            self.note(name)
            self.on_event(name)
        while True:
            try:
                block = self.dio.read(self.fd)
            except OSError as error:
                if error.errno in (EAGAIN, ELAST):
                    return
                raise
            self._block(block)

    def _block(self, block):
        if not self.open:
            self._running = False
            return
        before = self._ear.heard
        if self.ears and len(block) == BLOCK:
            self._ear.take(block)
        if self._ear.heard != before:
            self.note("keys", keys=self._ear.heard)
            self.on_key(self._ear.heard)
        if not self._say and self._again:
            self.say(self._again, again=True)
        octets = self._say.popleft() if self._say else SILENCE
        ahead = 0 if self._running else AHEAD
        self._running = True
        try:
            for sound in [SILENCE] * ahead + [octets.ljust(BLOCK, b"\xd5")]:
                self.dio.write(self.fd, sound)
        except OSError as error:
            if error.errno not in (EAGAIN, ELAST):
                raise

    def on_event(self, name):
        """An event by name."""

    def on_key(self, heard):
        """Another key."""


EVENTS = (
    "ONHOOK",
    "RINGOFFHOOK",
    "WINKFLASH",
    "RINGERON",
    "RINGEROFF",
    "HOOKCOMPLETE",
    "RINGBEGIN",
    "ALARM",
    "NOALARM",
    "PULSE_START",
)
CALLER_ID_PAUSE_MS = 600
"""From the end of the first ring to the number (500 ms at least)."""


class Office(Pair):
    """The exchange's end of our line: rings, shows numbers, gives dial tone, takes digits, answers, is busy, drops the
    feed."""

    def __init__(self, dio, number, note):
        super().__init__(dio, number, note)
        self.hook(dio.ONHOOK)
        self.ringing = self.lifted = False
        self.digits, self.answer, self.dial_tone = 0, "", True
        self.number, self.before, self.pulsed = b"", False, ""

    def ring(self):
        self.ringing = True
        if self.number and self.before:
            self.open = True
            self.say(self.number)  # `_block` rings when it has been said
        else:
            self.hook(self.dio.RING)

    def shows(self, number, before):
        """The sound of a caller's number."""
        self.number, self.before = number, before

    def drop_feed(self):
        """What an exchange does that tells a hang-up so: half a second without feed, then the line is free."""
        self.hook(self.dio.ONHOOK)

    def stop_ringing(self):
        self.ringing = False
        self.hook(self.dio.RINGOFF)

    def expect(self, digits, answer, dial_tone=True):
        """The next time that our line is lifted: how many digits come, and what is done then (ring, busy)."""
        self.digits, self.answer, self.dial_tone = digits, answer, dial_tone

    def on_event(self, name):
        if name == "ringoffhook" and not self.lifted:
            self.lifted = self.open = True
            self.pulsed = ""
            self.hear_anew()
            if self.ringing:
                self.stop_ringing()
                self.hook(self.dio.OFFHOOK)
                self.say(b"")
                self.note("answered")
            else:
                self.hook(self.dio.OFFHOOK)
                self.say(DIAL_TONE if self.dial_tone else b"", again=self.dial_tone)
                self.note("seized")
        elif name == "onhook" and self.lifted:
            self.lifted = self.open = False
            self.say(b"")
            self.hook(self.dio.ONHOOK)
            self.note("cleared")
        elif name == "ringeroff" and self.ringing and self.number and not self.before:
            self.open = True
            self.say(SILENCE * (CALLER_ID_PAUSE_MS // 20) + self.number)
            self.number = b""
        elif name.startswith("pulses ") and self.lifted:
            self.pulsed += name[-1]
            self.on_key(self.pulsed)

    def _block(self, block):
        super()._block(block)
        if self.ringing and self.number and self.before and not self._say:
            self.number, self.open = b"", False
            self.hook(self.dio.RING)

    def on_key(self, heard):
        if len(heard) == 1:
            self.say(b"")
        if self.digits and len(heard) == self.digits:
            self.say({"ring": RING_BACK, "busy": BUSY}.get(self.answer, b""), again=True)
            self.note("dialled", digits=heard)


class Telephone(Pair):
    """A telephone on a port of boardd's."""

    def __init__(self, dio, number, note):
        super().__init__(dio, number, note)
        self.hook(dio.ONHOOK)

    def lift(self):
        self.open = True
        self.hear_anew()
        self.hook(self.dio.OFFHOOK)

    def put_down(self):
        self.open = False
        self.hook(self.dio.ONHOOK)

    def press(self, keys):
        self.say(digits(keys))

    def flash(self, ms):
        """The loop is open for so long."""
        params = self.dio.with_struct(self.fd, self.dio.GET_PARAMS, "params", channel=self.number)
        params.flash_ms = ms
        self.dio.checked(self.dio.lib.dio_ioctl(self.fd, self.dio.SET_PARAMS, params))
        self.hook(self.dio.FLASH)

    def dial_pulses(self, keys):
        """The kernel breaks the loop; it would stop if sound were sent meanwhile."""
        self.open = False
        self.dio.with_struct(
            self.fd, self.dio.DIAL, "dial", operation=self.dio.DIAL_OP_REPLACE, digits=b"P" + keys.encode()
        )
