/* Circuits: what the library says of them, and what we say. */

#include "isup_link.h"

#include <stdio.h>
#include <string.h>

/* In the library's notes of a call, what was said so far. Of circuits: GRS, CGB, CGU, RSC, BLO, UBL. */
enum { SENT_IAM = 1 << 7, SENT_OF_CIRCUITS = 1 | 2 | 4 | 8 | 1 << 5 | 1 << 6 };

struct circuit *isd_of(isd_link *link, int cic) { return cic < 0 || cic >= ISD_CICS ? NULL : &link->circuits[cic]; }

isd_event *isd_note(isd_link *link, int kind, int cic)
{
    static isd_event nowhere;
    isd_event *event = &nowhere;
    if (link->count < EVENTS)
        event = &link->events[(link->first + link->count++) % EVENTS];
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->cic = cic;
    return event;
}

static void remember(isd_link *link, int cic, struct isup_call *call)
{
    struct circuit *circuit = isd_of(link, cic);
    if (circuit && call)
        circuit->call = call;
}

static void copy_range(isd_link *link, const union ss7_events *event)
{
    struct circuit *circuit = isd_of(link, event->range.first);
    isd_event *told = isd_note(link, event->range.kind, event->range.first);
    told->last = event->range.last;
    told->value = event->range.type;
    if (!circuit)
        return;
    remember(link, event->range.first, event->range.call);
    memcpy(circuit->range, event->range.status, sizeof circuit->range);
    int circuits = event->range.last - event->range.first + 1;
    for (int i = 0; i < circuits && i + 1 < (int)sizeof told->called; i++)
        told->called[i] = event->range.status[i] ? '1' : '0';
    if (event->range.kind == ISD_GRA && circuit->call)
        circuit->call = isup_free_call_if_clear(link->ss7, circuit->call);
}

static void copy_iam(isd_link *link, const union ss7_events *event)
{
    isd_event *told = isd_note(link, ISD_IAM, event->iam.cic);
    remember(link, event->iam.cic, event->iam.call);
    told->continuity = event->iam.continuity;
    told->called_nature = event->iam.called_nature;
    told->caller_nature = event->iam.caller_nature;
    told->presentation = event->iam.presentation;
    told->screening = event->iam.screening;
    told->category = event->iam.category;
    snprintf(told->called, sizeof told->called, "%.50s", event->iam.called);
    snprintf(told->caller, sizeof told->caller, "%.50s", event->iam.caller);
    snprintf(told->original, sizeof told->original, "%.50s", event->iam.original);
}

static void copy_call(isd_link *link, const union ss7_events *event)
{
    int cic = event->any.cic;
    struct isup_call *call = event->cic.call;
    int value = 0;
    switch (event->any.kind) {
    case ISD_ACM:
        call = event->acm.call;
        value = event->acm.status;
        break;
    case ISD_ANM:
        call = event->anm.call;
        break;
    case ISD_REL:
        call = event->rel.call;
        value = event->rel.cause;
        break;
    case ISD_COT:
        call = event->cot.call;
        value = event->cot.passed;
        break;
    case ISD_CPG:
        call = event->cpg.call;
        value = event->cpg.what;
        break;
    case ISD_SAM:
        call = event->sam.call;
        break;
    default:
        break;
    }
    isd_event *told = isd_note(link, event->any.kind, cic);
    told->value = value;
    if (event->any.kind == ISD_SAM)
        snprintf(told->called, sizeof told->called, "%.50s", event->sam.called);
    remember(link, cic, call);
    struct circuit *circuit = isd_of(link, cic);
    if (!circuit || !circuit->call)
        return;
    if (event->any.kind == ISD_RLC || event->any.kind == ISD_BLA || event->any.kind == ISD_UBA)
        circuit->call = isup_free_call_if_clear(link->ss7, circuit->call);
}

void isd_copy(isd_link *link, const union ss7_events *event)
{
    switch (event->any.kind) {
    case ISD_IAM:
        copy_iam(link, event);
        break;
    case ISD_GRS:
    case ISD_GRA:
    case ISD_CGB:
    case ISD_CGU:
        copy_range(link, event);
        break;
    case ISD_UP:
    case ISD_DOWN:
        isd_note(link, event->any.kind, 0);
        break;
    default:
        if (event->any.kind >= ISD_IAM)
            copy_call(link, event);
    }
}

EXPORT int32_t isd_next_event(isd_link *link, isd_event *event)
{
    if (!link->count)
        return 0;
    *event = link->events[link->first];
    link->first = (link->first + 1) % EVENTS;
    link->count--;
    return 1;
}

EXPORT void isd_circuit(isd_link *link, int32_t cic, int32_t exists)
{
    struct circuit *circuit = isd_of(link, cic);
    if (circuit)
        circuit->exists = exists != 0;
}

EXPORT void isd_use(isd_link *link, int32_t cic, int32_t on)
{
    struct circuit *circuit = isd_of(link, cic);
    if (!circuit)
        return;
    circuit->used = on != 0;
    if (on || !circuit->again)
        return;
    circuit->again = 0;
    if (circuit->call) {
        isup_clear_callflags(link->ss7, circuit->call, SENT_IAM);
        isup_event_iam(link->ss7, circuit->call, (int)circuit->opc);
    }
    isd_collect(link);
}

EXPORT void isd_drop(isd_link *link, int32_t cic, int32_t all)
{
    struct circuit *circuit = isd_of(link, cic);
    if (!circuit || !circuit->call)
        return;
    circuit->again = 0;
    if (all) {
        isup_free_call(link->ss7, circuit->call);
        circuit->call = NULL;
        return;
    }
    isup_clear_callflags(link->ss7, circuit->call, ~(unsigned long)SENT_OF_CIRCUITS);
    circuit->call = isup_free_call_if_clear(link->ss7, circuit->call);
}

static struct isup_call *call_of(isd_link *link, int cic)
{
    struct circuit *circuit = isd_of(link, cic);
    return circuit ? circuit->call : NULL;
}

/* The call of a circuit, or a new one for a message about the circuit itself. */
static struct isup_call *call_for(isd_link *link, int cic, unsigned dpc)
{
    struct circuit *circuit = isd_of(link, cic);
    if (circuit && !circuit->call)
        circuit->call = isup_new_call(link->ss7, cic, dpc, 0);
    return circuit ? circuit->call : NULL;
}

EXPORT int32_t isd_iam(isd_link *link, int32_t cic, uint32_t dpc, const isd_event *numbers)
{
    struct circuit *circuit = isd_of(link, cic);
    if (!circuit || circuit->call)
        return -1;
    struct isup_call *call = isup_new_call(link->ss7, cic, dpc, 1);
    if (!call)
        return -1;
    circuit->call = call;
    isup_set_called(call, numbers->called, (unsigned char)numbers->called_nature, link->ss7);
    isup_set_calling(call, numbers->caller, (unsigned char)numbers->caller_nature, (unsigned char)numbers->presentation,
                     (unsigned char)numbers->screening);
    isup_set_calling_party_category(call, (unsigned)numbers->category);
    return isup_iam(link->ss7, call) < 0 ? -1 : 0;
}

EXPORT int32_t isd_acm(isd_link *link, int32_t cic)
{
    struct isup_call *call = call_of(link, cic);
    return call && isup_acm(link->ss7, call) >= 0 ? 0 : -1;
}

EXPORT int32_t isd_cpg(isd_link *link, int32_t cic, int32_t what)
{
    struct isup_call *call = call_of(link, cic);
    return call && isup_cpg(link->ss7, call, what) >= 0 ? 0 : -1;
}

EXPORT int32_t isd_anm(isd_link *link, int32_t cic)
{
    struct isup_call *call = call_of(link, cic);
    return call && isup_anm(link->ss7, call) >= 0 ? 0 : -1;
}

EXPORT int32_t isd_rel(isd_link *link, int32_t cic, int32_t cause)
{
    struct isup_call *call = call_of(link, cic);
    return call && isup_rel(link->ss7, call, cause) >= 0 ? 0 : -1;
}

EXPORT int32_t isd_rlc(isd_link *link, int32_t cic)
{
    struct circuit *circuit = isd_of(link, cic);
    if (!circuit || !circuit->call)
        return -1;
    int failed = isup_rlc(link->ss7, circuit->call) < 0;
    if (circuit->call)
        circuit->call = isup_free_call_if_clear(link->ss7, circuit->call);
    return failed ? -1 : 0;
}

EXPORT int32_t isd_rsc(isd_link *link, int32_t cic, uint32_t dpc)
{
    struct isup_call *call = call_for(link, cic, dpc);
    return call && isup_rsc(link->ss7, call) >= 0 ? 0 : -1;
}

EXPORT int32_t isd_grs(isd_link *link, int32_t first, int32_t last, uint32_t dpc)
{
    struct isup_call *call = call_for(link, first, dpc);
    return call && isup_grs(link->ss7, call, last) >= 0 ? 0 : -1;
}

EXPORT int32_t isd_blo(isd_link *link, int32_t cic, uint32_t dpc)
{
    struct isup_call *call = call_for(link, cic, dpc);
    return call && isup_blo(link->ss7, call) >= 0 ? 0 : -1;
}

EXPORT int32_t isd_ubl(isd_link *link, int32_t cic, uint32_t dpc)
{
    struct isup_call *call = call_for(link, cic, dpc);
    return call && isup_ubl(link->ss7, call) >= 0 ? 0 : -1;
}

EXPORT int32_t isd_acknowledge(isd_link *link, const isd_event *event)
{
    struct circuit *circuit = isd_of(link, event->cic);
    if (!circuit || !circuit->call)
        return -1;
    struct isup_call *call = circuit->call;
    int failed;
    switch (event->kind) {
    case ISD_BLO:
        failed = isup_bla(link->ss7, call);
        break;
    case ISD_UBL:
        failed = isup_uba(link->ss7, call);
        break;
    case ISD_CGB:
        failed = isup_cgba(link->ss7, call, event->last, circuit->range);
        break;
    case ISD_CGU:
        failed = isup_cgua(link->ss7, call, event->last, circuit->range);
        break;
    case ISD_GRS:
        failed = isup_gra(link->ss7, call, event->last, circuit->range);
        break;
    case ISD_RSC:
        failed = isup_rlc(link->ss7, call);
        break;
    default:
        return -1;
    }
    if (circuit->call && (event->kind == ISD_GRS || event->kind == ISD_RSC))
        isup_clear_callflags(link->ss7, circuit->call, ~(unsigned long)SENT_OF_CIRCUITS); /* the call there is over */
    if (circuit->call)
        circuit->call = isup_free_call_if_clear(link->ss7, circuit->call);
    return failed < 0 ? -1 : 0;
}

EXPORT int32_t isd_busy(isd_link *link, int32_t cic) { return call_of(link, cic) != NULL; }
