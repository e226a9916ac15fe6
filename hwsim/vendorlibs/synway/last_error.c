/* The last error: one for the process (fact sheet section 5). hwsim keeps it; errors that arise without hwsim are
 * kept here until a later call that reached hwsim fails. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "shp.h"

#define TEXT_SIZE 300

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool ours = true;
static enum shp_error last_code = SHP_NOT_OPEN;
static char last_text[TEXT_SIZE] = "the driver has not been started (SsmStartCti)";
static __thread char slots[SHP_SLOTS][SHP_SLOT_SIZE];

int shp_refuse(enum shp_error code, const char *text)
{
    pthread_mutex_lock(&lock);
    ours = true;
    last_code = code;
    snprintf(last_text, sizeof last_text, "%s", text);
    pthread_mutex_unlock(&lock);
    return -1;
}

bool shp_error_is_ours(void)
{
    bool answer;

    pthread_mutex_lock(&lock);
    answer = ours;
    pthread_mutex_unlock(&lock);
    return answer;
}

void shp_error_is_theirs(void)
{
    pthread_mutex_lock(&lock);
    ours = false;
    pthread_mutex_unlock(&lock);
}

int shp_unsupported(const char *name)
{
    char text[TEXT_SIZE];

    if (!shp_started())
        return shp_refuse(SHP_NOT_OPEN, "the driver has not been started (SsmStartCti)");
    snprintf(text, sizeof text, "%s is not supported by this board", name);
    return shp_refuse(SHP_UNSUPPORTED, text);
}

static void copy_ours(char *text)
{
    pthread_mutex_lock(&lock);
    memcpy(text, last_text, sizeof last_text);
    pthread_mutex_unlock(&lock);
}

int SsmGetLastErrCode(void)
{
    long long code = shp_error_is_ours() ? -1 : shp_call_closed("SsmGetLastErrCode", "");

    if (!shp_error_is_ours())
        return (int)code;
    pthread_mutex_lock(&lock);
    code = (int)last_code;
    pthread_mutex_unlock(&lock);
    return (int)code;
}

void SsmGetLastErrMsg(char *text)
{
    char *theirs = slots[SHP_SLOT_ERROR];

    if (!text)
        return;
    theirs[0] = 0;
    if (!shp_error_is_ours())
        shp_call_closed("SsmGetLastErrMsg", "V", theirs, TEXT_SIZE);
    if (shp_error_is_ours())
        copy_ours(text);
    else
        memcpy(text, theirs, strlen(theirs) + 1);
}

char *SsmGetLastErrMsgA(void)
{
    static __thread char text[TEXT_SIZE];

    SsmGetLastErrMsg(text);
    return text;
}

char *shp_slot_buffer(enum shp_slot slot)
{
    return slots[slot];
}

char *shp_text(enum shp_slot slot, const char *name, int ch)
{
    slots[slot][0] = 0;
    return shp_call(name, "iV", ch, slots[slot], SHP_SLOT_SIZE) < 0 ? NULL : slots[slot];
}
