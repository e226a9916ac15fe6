/* Start, stop, versions (declarations: life.h). */
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "memory.h"
#include "setting.h"
#include "shp.h"
#include "worker.h"

#define MODE_CALLBACK 2
#define MODE_CALLBACKA 5

/* The process that has started the driver, 0 for none: a child made by fork has not. */
static atomic_int starter;

bool shp_started(void)
{
    int pid = atomic_load(&starter);

    return pid && pid == getpid();
}

static int started(long long result)
{
    if (result == 0)
        atomic_store(&starter, getpid());
    return (int)result;
}

/* A start that is not a second one uses new connections: hwsim may be another one than before. */
static void before_start(void)
{
    if (shp_started() && !shp_link_is_lost())
        return;
    shp_workers_stop();
    shp_memory_clear();
    atomic_store(&starter, 0);
    shp_link_renew();
}

int SsmStartCti(const char *config_path, const char *index_path)
{
    before_start();
    return started(shp_call_closed("SsmStartCti", "ff", config_path, index_path));
}

int SsmStartCtiEx(const char *config_path, const char *index_path, int enable, struct synway_event_setting *setting)
{
    struct shp_setting given;
    int result;

    before_start();
    if (!shp_setting_read(setting, &given))
        return started(shp_call_closed("SsmStartCtiEx", "ffi", config_path, index_path, enable));
    result = started(shp_call_closed("SsmStartCtiEx", "ffiuquuu", config_path, index_path, enable, given.work_mode,
                                     given.handler, given.out_condition, given.out_param, given.user));
    if (result == 0 && enable && (given.work_mode == MODE_CALLBACK || given.work_mode == MODE_CALLBACKA))
        shp_worker_start(SHP_EVENT_WORKER);
    return result;
}

int SsmCloseCti(void)
{
    long long result = shp_call("SsmCloseCti", "");
    bool lost = shp_link_is_lost();
    struct shp_link *link;

    if (!shp_started() || (result == -1 && !lost))
        return (int)result;
    atomic_store(&starter, 0);
    shp_workers_stop();
    shp_memory_clear();
    if (!lost && (link = shp_link())) {
        link->bytes[0] = SHP_CLOSED;
        shp_link_tell(link, 1);
    }
    return (int)result;
}

int SsmGetDllVersion(struct synway_version *version)
{
    if (!version)
        return shp_refuse(SHP_BAD_PARAMETER, "a NULL pointer was passed");
    return (int)shp_call("SsmGetDllVersion", "CCWWCC", &version->major, &version->minor, &version->internal,
                         &version->build, &version->release, &version->feature);
}

unsigned int SsmGetIntCount(void)
{
    return (unsigned)shp_call("SsmGetIntCount", "");
}
