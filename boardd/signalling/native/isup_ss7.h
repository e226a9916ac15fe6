/*
 * What the door uses of libss7 2.0: its functions by name, and where in its events the fields are that we read. Written
 * from measurements of the packaged library (x86-64 and every other LP64 system lay them out alike); whatever we do not
 * read is a run of reserved octets. isup_link.c refuses other versions.
 */
#ifndef ISUP_SS7_H
#define ISUP_SS7_H

#include <stddef.h>
#include <stdint.h>

struct ss7;
struct isup_call;

struct ss7_time {
    long s;
    long us;
};

/* Every event begins with its kind and, for ISUP, the circuit. */
union ss7_events {
    struct {
        int kind, cic;
    } any;
    struct { /* IAM */
        int kind, cic, reserved_1, continuity, reserved_2;
        char called[50];
        unsigned char called_nature;
        char caller[50];
        unsigned char category, caller_nature, presentation, screening;
        char reserved_3[262];
        char original[50];
        char reserved_4[131];
        unsigned opc;
        unsigned long sent;
        struct isup_call *call;
    } iam;
    struct { /* ACM */
        int kind, cic;
        char reserved[24];
        struct isup_call *call;
        unsigned char status;
    } acm;
    struct { /* REL */
        int kind, cic, cause;
        unsigned opc;
        unsigned long sent;
        struct isup_call *call;
    } rel;
    struct { /* RLC, CON, CCR, BLO, UBL, BLA, UBA, UCIC, RSC, SUS, RES, digit time-out */
        int kind, cic;
        char reserved[16];
        struct isup_call *call;
    } cic;
    struct { /* ANM */
        int kind, cic;
        char reserved[80];
        struct isup_call *call;
    } anm;
    struct { /* COT */
        int kind, cic, passed, reserved[5];
        struct isup_call *call;
    } cot;
    struct { /* CPG */
        int kind, cic, reserved_1;
        unsigned char what;
        char reserved_2[67];
        struct isup_call *call;
    } cpg;
    struct { /* SAM */
        int kind, cic, reserved_1;
        char called[50];
        char reserved_2[26];
        struct isup_call *call;
    } sam;
    struct { /* GRS, GRA, CGB, CGU */
        int kind, first, last, reserved_1, type, reserved_2;
        unsigned opc;
        unsigned char status[255];
        char reserved_3[1021];
        unsigned long sent;
        struct isup_call *call;
    } range;
};

_Static_assert(offsetof(union ss7_events, iam.called) == 20 && offsetof(union ss7_events, iam.caller) == 71, "IAM");
_Static_assert(offsetof(union ss7_events, iam.original) == 387 && offsetof(union ss7_events, iam.opc) == 568, "IAM");
_Static_assert(offsetof(union ss7_events, iam.call) == 584 && offsetof(union ss7_events, acm.status) == 40, "ACM");
_Static_assert(offsetof(union ss7_events, rel.call) == 24 && offsetof(union ss7_events, cic.call) == 24, "REL");
_Static_assert(offsetof(union ss7_events, anm.call) == 88 && offsetof(union ss7_events, cot.call) == 32, "ANM");
_Static_assert(offsetof(union ss7_events, cpg.call) == 80 && offsetof(union ss7_events, sam.call) == 88, "CPG");
_Static_assert(offsetof(union ss7_events, range.status) == 28 && offsetof(union ss7_events, range.call) == 1312, "GRS");

const char *ss7_get_version(void);
struct ss7 *ss7_new(int type);
void ss7_destroy(struct ss7 *ss7);
int ss7_set_network_ind(struct ss7 *ss7, int network);
int ss7_set_pc(struct ss7 *ss7, unsigned pc);
int ss7_add_link(struct ss7 *ss7, int transport, int fd, int slc, unsigned adjacent_pc);
int ss7_start(struct ss7 *ss7);
int ss7_read(struct ss7 *ss7, int fd);
int ss7_write(struct ss7 *ss7, int fd);
void ss7_link_alarm(struct ss7 *ss7, int fd);
void ss7_link_noalarm(struct ss7 *ss7, int fd);
struct ss7_time *ss7_schedule_next(struct ss7 *ss7);
int ss7_schedule_run(struct ss7 *ss7);
union ss7_events *ss7_check_event(struct ss7 *ss7);
int ss7_set_isup_timer(struct ss7 *ss7, char *name, int ms);
int ss7_set_mtp3_timer(struct ss7 *ss7, char *name, int ms);
void ss7_set_message(void (*told)(struct ss7 *, char *));
void ss7_set_error(void (*told)(struct ss7 *, char *));
void ss7_set_notinservice(void (*told)(struct ss7 *, int, unsigned));
void ss7_set_hangup(int (*asked)(struct ss7 *, int, unsigned, int, int));
void ss7_set_call_null(void (*told)(struct ss7 *, struct isup_call *, int));

struct isup_call *isup_new_call(struct ss7 *ss7, int cic, unsigned dpc, int outgoing);
struct isup_call *isup_free_call_if_clear(struct ss7 *ss7, struct isup_call *call);
void isup_free_call(struct ss7 *ss7, struct isup_call *call);
void isup_set_called(struct isup_call *call, const char *digits, unsigned char nature, const struct ss7 *ss7);
void isup_set_calling(struct isup_call *call, const char *digits, unsigned char nature, unsigned char presentation,
                      unsigned char screening);
void isup_set_calling_party_category(struct isup_call *call, unsigned category);
void isup_clear_callflags(struct ss7 *ss7, struct isup_call *call, unsigned long flags);
int isup_event_iam(struct ss7 *ss7, struct isup_call *call, int opc);
int isup_iam(struct ss7 *ss7, struct isup_call *call);
int isup_acm(struct ss7 *ss7, struct isup_call *call);
int isup_cpg(struct ss7 *ss7, struct isup_call *call, int what);
int isup_anm(struct ss7 *ss7, struct isup_call *call);
int isup_rel(struct ss7 *ss7, struct isup_call *call, int cause);
int isup_rlc(struct ss7 *ss7, struct isup_call *call);
int isup_rsc(struct ss7 *ss7, struct isup_call *call);
int isup_grs(struct ss7 *ss7, struct isup_call *call, int last);
int isup_gra(struct ss7 *ss7, struct isup_call *call, int last, unsigned char status[]);
int isup_blo(struct ss7 *ss7, struct isup_call *call);
int isup_ubl(struct ss7 *ss7, struct isup_call *call);
int isup_bla(struct ss7 *ss7, struct isup_call *call);
int isup_uba(struct ss7 *ss7, struct isup_call *call);
int isup_cgba(struct ss7 *ss7, struct isup_call *call, int last, unsigned char status[]);
int isup_cgua(struct ss7 *ss7, struct isup_call *call, int last, unsigned char status[]);

#endif
