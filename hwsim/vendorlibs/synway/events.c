/* Events (declarations: events.h). The waiting itself happens in hwsim, in simulated time. */
#include <string.h>

#include "setting.h"
#include "shp.h"
#include "worker.h"

#define MODE_CALLBACK 2
#define MODE_CALLBACKA 5
#define MISUSE (-2)
#define TRUNCATED 4u

static int misuse(void)
{
    shp_refuse(SHP_BAD_PARAMETER, "a NULL pointer was passed");
    return MISUSE;
}

/* The event of a wait or get, handed out only when there is one. */
struct notice {
    unsigned short code;
    int ref;
    unsigned param;
    unsigned user;
    unsigned sub_reason;
    unsigned extra;
    unsigned flags;
    unsigned length;
};

int SsmSetEvent(unsigned short code, int ref, int enable, struct synway_event_setting *setting)
{
    struct shp_setting given;
    int result;

    if (!shp_setting_read(setting, &given))
        return (int)shp_call("SsmSetEvent", "wii", code, ref, enable);
    result = (int)shp_call("SsmSetEvent", "wiiuquuu", code, ref, enable, given.work_mode, given.handler,
                           given.out_condition, given.out_param, given.user);
    if (result == 0 && enable && (given.work_mode == MODE_CALLBACK || given.work_mode == MODE_CALLBACKA))
        return shp_worker_start(SHP_EVENT_WORKER);
    return result;
}

int SsmGetEventMode(unsigned short code, int ref, unsigned short *enable, struct synway_event_setting *setting)
{
    struct shp_setting given = {.work_mode = 0};
    int result;

    if (!enable || !setting)
        return shp_refuse(SHP_BAD_PARAMETER, "a NULL pointer was passed");
    result = (int)shp_call("SsmGetEventMode", "wiWIQIII", code, ref, enable, &given.work_mode, &given.handler,
                           &given.out_condition, &given.out_param, &given.user);
    if (result >= 0)
        shp_setting_write(setting, &given);
    return result;
}

int SsmWaitForEvent(unsigned int timeout_ms, struct synway_event *event)
{
    struct notice notice = {.code = 0};
    int result;

    if (!event)
        return misuse();
    result = (int)shp_wait(timeout_ms, "SsmWaitForEvent", "uWII", timeout_ms, &notice.code, &notice.ref, &notice.param);
    if (result == 0)
        shp_event_write(event, notice.code, notice.ref, notice.param);
    return result;
}

int SsmGetEvent(struct synway_event *event)
{
    struct notice notice = {.code = 0};
    int result;

    if (!event)
        return misuse();
    result = (int)shp_wait(0, "SsmGetEvent", "WII", &notice.code, &notice.ref, &notice.param);
    if (result == 0)
        shp_event_write(event, notice.code, notice.ref, notice.param);
    return result;
}

static void hand_out(struct synway_event_ex *event, const struct notice *notice)
{
    bool truncated = notice->length > event->buffer_length;

    event->code = notice->code;
    event->ref = notice->ref;
    event->param = notice->param;
    event->user = notice->user;
    event->sub_reason = notice->sub_reason;
    event->extra = notice->extra;
    event->data_length = truncated ? event->buffer_length : notice->length;
    event->flags = truncated ? notice->flags | TRUNCATED : notice->flags;
}

int SsmWaitForEventA(unsigned int timeout_ms, struct synway_event_ex *event)
{
    struct notice notice = {.code = 0};
    int result;

    if (!event || !event->buffer)
        return misuse();
    result = (int)shp_wait(timeout_ms, "SsmWaitForEventA", "uWIIIIIIX", timeout_ms, &notice.code, &notice.ref,
                           &notice.param, &notice.user, &notice.sub_reason, &notice.extra, &notice.flags,
                           event->buffer, event->buffer_length, &notice.length);
    if (result == 0)
        hand_out(event, &notice);
    return result;
}

int SsmGetEventA(struct synway_event_ex *event)
{
    struct notice notice = {.code = 0};
    int result;

    if (!event || !event->buffer)
        return misuse();
    result = (int)shp_wait(0, "SsmGetEventA", "WIIIIIIX", &notice.code, &notice.ref, &notice.param, &notice.user,
                           &notice.sub_reason, &notice.extra, &notice.flags, event->buffer, event->buffer_length,
                           &notice.length);
    if (result == 0)
        hand_out(event, &notice);
    return result;
}

int SsmPutUserEvent(unsigned short code, int ref, unsigned int param)
{
    return (int)shp_call("SsmPutUserEvent", "wiu", code, ref, param);
}

int SsmPutUserEventA(struct synway_event_ex *event)
{
    if (!event)
        return misuse();
    return (int)shp_call("SsmPutUserEventA", "wiuuuuub", event->code, event->ref, event->param, event->user,
                         event->sub_reason, event->extra, event->flags, event->buffer, event->data_length);
}

int SsmGetInterEventType(void)
{
    return (int)shp_call("SsmGetInterEventType", "");
}

int SsmSetInterEventType(int type)
{
    return (int)shp_call("SsmSetInterEventType", "i", type);
}

int SsmStartTimer(unsigned short delay_ms, unsigned short mode)
{
    return (int)shp_call("SsmStartTimer", "ww", delay_ms, mode);
}

int SsmStopTimer(int timer)
{
    return (int)shp_call("SsmStopTimer", "i", timer);
}
