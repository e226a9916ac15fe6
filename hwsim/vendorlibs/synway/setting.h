/* Event structures of the program, whose layout depends on the header that it was compiled with (fact sheet section
 * 2). */
#ifndef SHP_SETTING_H
#define SHP_SETTING_H

#include <stdbool.h>

#include "shp.h"

/* EVENT_SET_INFO, whatever its layout. */
struct shp_setting {
    unsigned work_mode;
    long long handler;
    unsigned out_condition;
    unsigned out_param;
    unsigned user;
};

#ifdef SHPA3_LAYOUT_2007
/* 40 and 16 bytes: the header of 2007 has words of 8 bytes. */
struct shp_setting_layout {
    unsigned long work_mode;
    void *handler;
    unsigned long out_condition;
    unsigned long out_param;
    unsigned long user;
};

struct shp_event_layout {
    unsigned short code;
    int ref;
    unsigned long param;
};
#else
#define shp_setting_layout synway_event_setting
#define shp_event_layout synway_event
#endif

/* False for NULL. */
bool shp_setting_read(const struct synway_event_setting *from, struct shp_setting *setting);
void shp_setting_write(struct synway_event_setting *to, const struct shp_setting *setting);
void shp_event_write(struct synway_event *to, unsigned short code, int ref, unsigned param);

#endif
