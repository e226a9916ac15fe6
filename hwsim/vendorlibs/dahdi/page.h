/* What hwsim and the program share about one open file: a page of memory that both map, 32-bit numbers, native order.
 * hwsim writes all but `rx_taken` and `tx_put`, which count what the program has read and written. Counters wrap.
 * `shared.py` has the same fields in the same order. */

enum file_kind { FILE_CTL = 1, FILE_CHANNEL = 2, FILE_TIMER = 3, FILE_UNSPECIFIED = 4 };

/* FLAG_KICK: a write must be announced (frames; a tone that it stops). FLAG_LOCKSTEP: real time means nothing. */
enum file_flag { FLAG_LINEAR = 1, FLAG_MULAW = 2, FLAG_KICK = 4, FLAG_LOCKSTEP = 8 };

struct shared_page {
    unsigned number;      /* of the file, for calls */
    unsigned kind;        /* enum file_kind */
    unsigned dead;        /* errno of every call when the channel is gone */
    unsigned flags;       /* enum file_flag, a mask */
    unsigned events;      /* events that wait */
    unsigned rx_sent;     /* blocks put into the socket for the program */
    unsigned rx_taken;    /* blocks that the program has taken */
    unsigned rx_flushed;  /* blocks up to here are thrown away */
    unsigned tx_put;      /* blocks that the program has put into the socket */
    unsigned tx_taken;    /* blocks that are sent and done with */
    unsigned block_size;  /* octets */
    unsigned block_count; /* each way */
    unsigned rx_bits;     /* line bits received */
    unsigned config;      /* counts changes of block_size and block_count */
};
