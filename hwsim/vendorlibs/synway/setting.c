/* Event structures of the program in either layout. */
#include "setting.h"

#include <string.h>

bool shp_setting_read(const struct synway_event_setting *from, struct shp_setting *setting)
{
    struct shp_setting_layout given;

    if (!from)
        return false;
    memcpy(&given, from, sizeof given);
    setting->work_mode = (unsigned)given.work_mode;
    setting->handler = (long long)(size_t)given.handler;
    setting->out_condition = (unsigned)given.out_condition;
    setting->out_param = (unsigned)given.out_param;
    setting->user = (unsigned)given.user;
    return true;
}

void shp_setting_write(struct synway_event_setting *to, const struct shp_setting *setting)
{
    struct shp_setting_layout given;

    memset(&given, 0, sizeof given);
    given.work_mode = setting->work_mode;
    given.handler = (void *)(size_t)setting->handler;
    given.out_condition = setting->out_condition;
    given.out_param = setting->out_param;
    given.user = setting->user;
    memcpy(to, &given, sizeof given);
}

void shp_event_write(struct synway_event *to, unsigned short code, int ref, unsigned param)
{
    struct shp_event_layout given;

    memset(&given, 0, sizeof given);
    given.code = code;
    given.ref = ref;
    given.param = param;
    memcpy(to, &given, sizeof given);
}
