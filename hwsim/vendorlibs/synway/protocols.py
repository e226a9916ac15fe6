"""What differs between the signalling systems, as tables (fact sheet sections 8, 10.5, 11.3, 11.5)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hwsim.vendorlibs.synway.codes import ChState, ChType, DialFailure, Pend


@dataclass(frozen=True)
class Protocol:
    """One signalling system.

    `not_ready`: state before the circuit is usable. `collecting`: first state of an incoming call, while digits come.
    `incoming`: states passed after the number is complete; `outgoing`: states passed before the far end must answer,
    the last one waits. `clearing`: state until the far end confirms a release. `failures` and `pendings` by Q.850
    cause.
    """

    not_ready: ChState
    begin: tuple[ChState, ...]
    collecting: ChState
    incoming: tuple[ChState, ...]
    outgoing: tuple[ChState, ...]
    proceeding: ChState
    clearing: ChState
    local_block: ChState = ChState.S_CALL_LOCAL_BLOCK
    remote_block: ChState = ChState.S_CALL_REMOTE_BLOCK
    blocks_remote: bool = False
    failures: dict[int, int] = field(default_factory=dict)
    failure_default: int = DialFailure.NONE
    pendings: dict[int, Pend] = field(default_factory=dict)
    section: str = "SystemConfig"

    def dial_failure(self, cause: int) -> int:
        """SsmGetAutoDialFailureReason for a far release with this cause."""
        if self.failure_default == DialFailure.ISDN_CAUSE:
            return DialFailure.ISDN_CAUSE + cause
        return int(self.failures.get(cause, self.failure_default))


_ISDN = Protocol(
    not_ready=ChState.S_CALL_UNAVAILABLE,
    begin=(ChState.ISDN_CALL_BEGIN, ChState.ISDN_IN_CHK_CALL_IN),
    collecting=ChState.ISDN_IN_RCVING_NO,
    incoming=(ChState.ISDN_IN_CALL_PROCEEDING,),
    outgoing=(ChState.ISDN_CALL_BEGIN, ChState.ISDN_OUT_WAIT_NET_RESPONSE),
    proceeding=ChState.ISDN_OUT_WAIT_ALERT,
    clearing=ChState.ISDN_WAIT_HUANGUP,
    failure_default=DialFailure.ISDN_CAUSE,
    pendings={
        1: Pend.ISDN_UNALLOCATED,
        3: Pend.ISDN_NO_ROUTE,
        17: Pend.ISDN_NET_BUSY,
        18: Pend.ISDN_NO_ANSWER,
        19: Pend.ISDN_NO_ANSWER,
        21: Pend.ISDN_REJECTED,
        31: Pend.ISDN_UNSPECIFIED,
        34: Pend.ISDN_NO_CIRCUIT,
        42: Pend.ISDN_NET_BUSY,
        44: Pend.ISDN_CIRCUIT_UNAVAILABLE,
    },
    section="ISDN",
)

_SS1 = Protocol(
    not_ready=ChState.SS1_WAIT_IDLE_CAS,
    begin=(),
    collecting=ChState.SS1_IN_RCV_PHONUM,
    incoming=(
        ChState.SS1_IN_WAIT_FORWARD_STOP,
        ChState.SS1_IN_RCV_CALLERID,
        ChState.SS1_IN_RCV_KD,
        ChState.SS1_IN_WAIT_KD_STOP,
    ),
    outgoing=(
        ChState.SS1_OUT_WAIT_ACK,
        ChState.SS1_OUT_TX_PHONUM,
        ChState.SS1_OUT_TX_CALLERID,
        ChState.SS1_OUT_WAIT_KB,
    ),
    proceeding=ChState.SS1_OUT_WAIT_KB,
    clearing=ChState.SS1_SAY_IDLE,
    failures={
        1: DialFailure.SS1_KB5,
        17: DialFailure.SS1_KB2,
        34: DialFailure.SS1_KB4,
        41: DialFailure.SS1_CLEARED,
        42: DialFailure.SS1_A4,
    },
    failure_default=DialFailure.SS1_CLEARED,
    pendings={1: Pend.SS1_OUT_KB5, 17: Pend.SS1_OUT_KB2, 34: Pend.SS1_OUT_KB4, 42: Pend.SS1_OUT_A4},
    section="SS1Config",
)

_TUP = Protocol(
    not_ready=ChState.TUP_WAIT_PCM_RESET,
    begin=(),
    collecting=ChState.TUP_WAIT_SAM,
    incoming=(),
    outgoing=(ChState.TUP_WAIT_DIAL_ANSWER,),
    proceeding=ChState.TUP_WAIT_DIAL_ANSWER,
    clearing=ChState.TUP_WAIT_RLG,
    blocks_remote=True,
    failures={
        1: DialFailure.TUP_UNN,
        17: DialFailure.TUP_SLB,
        27: DialFailure.TUP_LOS,
        34: DialFailure.TUP_CGC,
        42: DialFailure.TUP_CGC,
    },
    failure_default=DialFailure.TUP_CFL,
    section="TUP",
)

_ISUP = Protocol(
    not_ready=ChState.ISUP_WAIT_RESET,
    begin=(),
    collecting=ChState.ISUP_WAIT_SAM,
    incoming=(),
    outgoing=(ChState.ISUP_WAIT_DIAL_ANSWER,),
    proceeding=ChState.ISUP_WAIT_DIAL_ANSWER,
    clearing=ChState.ISUP_WAIT_RLC,
    local_block=ChState.ISUP_LOCALLY_BLOCKED,
    remote_block=ChState.ISUP_REMOTELY_BLOCKED,
    blocks_remote=True,
    failure_default=DialFailure.ISUP_REL,
    section="ISUP",
)

PROTOCOLS = {
    ChType.ISDN_USER: _ISDN,
    ChType.ISDN_NET: _ISDN,
    ChType.SS1: _SS1,
    ChType.TUP: _TUP,
    ChType.ISUP: _ISUP,
}

CAUSE_OF_KB = {2: 17, 3: 34, 4: 42, 5: 1}
"""Rejecting KB values (section 11.2) as the Q.850 cause that the far end sees."""
ACCEPTING_KB = frozenset({1, 6, 7})
