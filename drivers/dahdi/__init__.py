"""Driver for cards of the DAHDI family (Digium, OpenVox, Sangoma and their like). Importing it loads no library."""

from boardd.contract.capabilities import ChannelKind
from boardd.contract.driver import CONTRACT_VERSION, DriverDescriptor

DESCRIPTOR = DriverDescriptor(
    name="dahdi",
    family="dahdi",
    maker="Digium, OpenVox, Sangoma",
    contract_version=CONTRACT_VERSION,
    kinds=(ChannelKind.FXO, ChannelKind.FXS, ChannelKind.E1_BEARER),
    factory="drivers.dahdi.driver:create",
    settings_schema={
        "library": "full path of another libdahdiio.so than the one that ships (hwsim has a simulated one)",
        "spans": "SPAN=KIND, …: pri_cpe, pri_net, r2, none; default: r2 where line bits are configured, else pri_cpe",
        "pri": "name=value, …: rules of all PRI spans, see the driver's README",
        "r2": "path of an R2 profile for all R2 spans, or SPAN=PATH, …; default: China No.1",
        "directions": "CIRCUITS=DIRECTION, …: whose calls R2 circuits carry: in, out, both (both)",
        "fxo": "name=value, …: rules of all exchange lines",
        "fxs": "name=value, …: rules of all telephones",
        "lines": "LINE name=value …; …: rules of single lines and spans, by id or pattern",
        "echo": "who cancels echo: auto (kernel, else engine), kernel, engine, off (auto)",
        "echo_tail_ms": "how long after the sound its echo may last (64)",
        "bridging": "who carries talks of two channels: engine; kernel while nothing needs the engine (engine)",
        "blocks": "blocks of 20 ms that the kernel keeps each way (8)",
        "prefill": "blocks of silence sent ahead (2)",
        "priority": "real-time priority of the sound thread, 0: none (20)",
        "max_channels": "most channels of the domain (512)",
        "reconcile_ms": "how often states are compared with the kernel's (2000)",
        "start_stop_ms": "how long opening all channels may take (120000)",
        "command_ms": "how long any other call may take (2000)",
        "file_ms": "how long opening one file may take (10000)",
        "stuck_after_ms": "how long a call may hang beyond that before the host gives up (10000)",
    },
    sonames=("libdahdiio.so",),
    heartbeat_parts=("door", "engine"),
)
