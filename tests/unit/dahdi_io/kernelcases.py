"""What a program sees of DAHDI, as cases that run on two E1s back to back: on the real kernel in a virtual machine, and
on the simulated one. A case gets a `Rig`, asserts what both must have, and returns what it measured.
"""

import kernelcases_files
import kernelcases_hooks
import kernelcases_signalling
import kernelcases_sound
import kernelcases_span
import kernelcases_tones
import kernelrig

ROOMS = (
    kernelcases_files,
    kernelcases_sound,
    kernelcases_signalling,
    kernelcases_hooks,
    kernelcases_tones,
    kernelcases_span,
)
CASES = {
    name: function
    for room in ROOMS
    for name, function in kernelrig.CASES.items()
    if function.__module__ == room.__name__
}
"""In the order in which they run on one kernel: the later ones leave more behind."""
