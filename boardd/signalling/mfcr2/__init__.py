"""China No.1 signalling (MFC-R2): thirty circuits of an E1 whose line bits and register tones are ours to make.

    native/      sender and receiver of register signals, compelled rule (C)
    signals      the signals and what they are called
    profile      how the trunk is set up: maps of groups A and B, numbers, timers
    outgoing     the register at our end of a circuit that we seize;  incoming: of one that is seized
    circuit      line signals and the life of a call on one timeslot
    span         all circuits of an E1: boardd.signalling.span's words, alarms, suspects
    ladder       what was on the line, for technicians

Decision 0020 tells why this is not libopenr2, and what that library is used for.
"""
