#ifndef ISUP_LINK_H
#define ISUP_LINK_H

#include <stdint.h>

#include "isup.h"
#include "isup_ss7.h"

enum { IN_FRAMES = 64, EVENTS = 1024, FIRST_FD = 200000, FCS = 2 };

struct frame {
    int size;
    uint8_t octets[ISD_FRAME + FCS];
};

struct circuit {
    uint8_t exists;
    uint8_t used;                 /* somebody above has a call here */
    uint8_t again;                /* an IAM waits until the circuit is not used any more */
    unsigned opc;                 /* whose IAM */
    struct isup_call *call;       /* of a conversation, or of the message that waits for an answer */
    uint8_t range[255];           /* status of the last group message from the far end */
};

struct isd_link {
    int used;
    int fd;
    struct ss7 *ss7;
    struct frame in;              /* what ss7_read gets; size 0: nothing */
    struct frame out;             /* what ss7_write gave */
    int sent, acknowledged;       /* sequence numbers: our last, and the far end's last word on ours */
    int strange;                  /* units in a row that cannot be */
    isd_event events[EVENTS];
    unsigned first, count;
    struct circuit circuits[ISD_CICS];
};

extern isd_link *isd_links[ISD_LINKS];

struct circuit *isd_of(isd_link *link, int cic);
isd_event *isd_note(isd_link *link, int kind, int cic);
/* The library's event, in flat form; the call it belongs to is remembered. */
void isd_copy(isd_link *link, const union ss7_events *event);
/* All events that the library has. */
void isd_collect(isd_link *link);

#define EXPORT __attribute__((visibility("default")))

#endif
