/* The library's own threads: one brings events to the program's callback, one serves memory and handlers. */
#ifndef SHP_WORKER_H
#define SHP_WORKER_H

enum shp_worker { SHP_EVENT_WORKER, SHP_DATA_WORKER, SHP_WORKERS };

/* Starts the thread unless it runs; 0, or -1 with the last error set. */
int shp_worker_start(enum shp_worker which);

/* Ends both threads and waits for them (not for itself when called by one of them). */
void shp_workers_stop(void);

#endif
