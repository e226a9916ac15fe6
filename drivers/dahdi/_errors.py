"""errno of DAHDI calls as errors that say what a technician can do."""

from __future__ import annotations

import errno
import os

from boardd.contract.errors import ConfigurationError, DeviceError
from boardd.contract.text import _
from drivers.dahdi._codes import ELAST

GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ESHUTDOWN})
"""The channel or its card is not there any more."""


class DahdiError(DeviceError):
    """A call answered -errno."""

    def __init__(self, function: str, number: int, **data: object) -> None:
        name = "ELAST" if number == ELAST else errno.errorcode.get(number, str(number))
        text = "an event waits" if number == ELAST else os.strerror(number)
        message = f"{function}: {text} ({name})"
        if (function, number) == ("HOOK", errno.ENODATA):
            hint = _("no tone zone is loaded: write loadzone=cn into /etc/dahdi/system.conf and run dahdi_cfg")
            message = f"{message}; {hint}"
        super().__init__(message, function=function, vendor_code=number, vendor_text=text, **data)
        self.errno = number

    @property
    def gone(self) -> bool:
        """Whether the card is not there any more."""
        return self.errno in GONE


def ctl_problem(error: DahdiError, path: str) -> DeviceError | ConfigurationError:
    """Why `/dev/dahdi/ctl` cannot be opened. Not there: perhaps later. Not allowed: the installer must act."""
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        text = _("{path} is not there: no DAHDI module is loaded (modprobe dahdi, then the module of the card)")
        return DeviceError(text.format(path=path), **error.data)
    if error.errno in (errno.EACCES, errno.EPERM):
        text = _("{path} may not be opened: install the udev rule and add boardd's user to the group dialout")
        return ConfigurationError(text.format(path=path), path=path)
    return error
