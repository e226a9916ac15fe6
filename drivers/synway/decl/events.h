/* Synway SynCTI: events. Fact sheet section 6. Structures in the layout of the newest header (section 2.2).
 * Work modes: 0 none, 1 polling, 2 callback, 3 window message, 4 polling extended, 5 callback extended. */

/* 12 bytes; 16 with the 8-byte words of the 2007 header, param at the same offset 8. */
struct synway_event {
    unsigned short code;
    int ref;
    unsigned int param;
};

/* 56 bytes. The caller supplies buffer and buffer_length. flags: bit 0 made by the application, bit 2 data truncated.
 */
struct synway_event_ex {
    unsigned short code;
    int ref;
    unsigned int param;
    unsigned int user;
    unsigned int sub_reason;
    unsigned int extra;
    void *buffer;
    unsigned int buffer_length;
    unsigned int data_length;
    unsigned int flags;
    unsigned int reserved1;
    long long reserved2;
};

/* code 0xFFFF: all events; ref -1: all channels. */
int SsmSetEvent(unsigned short code, int ref, int enable, struct synway_event_setting *setting);
int SsmGetEventMode(unsigned short code, int ref, unsigned short *enable, struct synway_event_setting *setting);

/* 0: an event; -1: none (time is up); -2: wrong mode or bad pointer. Times in ms, 0xFFFFFFFF for ever. */
int SsmWaitForEvent(unsigned int timeout_ms, struct synway_event *event);
int SsmGetEvent(struct synway_event *event);
int SsmWaitForEventA(unsigned int timeout_ms, struct synway_event_ex *event);
int SsmGetEventA(struct synway_event_ex *event);

int SsmPutUserEvent(unsigned short code, int ref, unsigned int param);
int SsmPutUserEventA(struct synway_event_ex *event);

/* 0: plain interface (modes 1 to 3); 1: extended interface (modes 4 and 5). */
int SsmGetInterEventType(void);
int SsmSetInterEventType(int type);

/* mode 0 once, 1 again and again; the timer's id, or -1. */
int SsmStartTimer(unsigned short delay_ms, unsigned short mode);
int SsmStopTimer(int timer);
