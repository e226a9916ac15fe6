"""boardd-host: the process that owns one switching domain and its calls.

    driver events --> intake --> calls, stations, media, bridges --> outlet --> uplink --> daemon
    daemon ---------> uplink --> commands --> dialer, calls, media, bridges --> driver
                                 leases ----> orphans, unattended

Everything runs on one event loop, in small synchronous steps; what must wait (library, disk) is a named task. Calls are
owned here and in the journal; whoever else knows them holds a copy.
"""
