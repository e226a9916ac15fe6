"""Driver for Synway (三汇) cards with the SynCTI library libshpa3.so. Importing it loads no library."""

from boardd.contract.capabilities import ChannelKind
from boardd.contract.driver import CONTRACT_VERSION, DriverDescriptor

DESCRIPTOR = DriverDescriptor(
    name="synway",
    family="synway",
    maker="Synway",
    contract_version=CONTRACT_VERSION,
    kinds=(ChannelKind.FXO, ChannelKind.FXS, ChannelKind.TAP, ChannelKind.E1_BEARER),
    factory="drivers.synway.driver:create",
    settings_schema={
        "library": "full path of libshpa3.so; environment variables are replaced",
        "config": "full path of the maker's ShConfig.ini",
        "index": "full path of the maker's ShIndex.ini; default: beside config",
        "event_wait_ms": "how long the event thread sleeps in the library at most (200)",
        "start_stop_ms": "how long starting and stopping the library may take (120000)",
        "command_ms": "how long any other library call may take (2000)",
        "file_ms": "how long a library call that opens a file may take (10000)",
        "stuck_after_ms": "how long a call may hang beyond that before the host gives the library up (10000)",
        "quirks": "name=value, name=value: facts about this library version, see the driver's README",
    },
    sonames=("libshpa3.so",),
    heartbeat_parts=("door", "events", "engine"),
)
