/* Commands. A call that libpri does not have any more is refused here: libpri would only complain. */

#include <string.h>

#include "q931_link.h"

enum { LAYER1_ALAW = 0x23, SPEECH = 0x00, AUDIO_3K1 = 0x10 };

EXPORT int q9_known(q9_link *link, int64_t call) { return call && q931_is_call_valid(link->pri, call_of(call)); }

static int fill(struct pri_sr *sr, const q9_request *request)
{
    /* libpri's setters take text that they do not change, but say so nowhere. */
    q9_request text = *request;
    char *name = text.name[0] ? text.name : NULL;
    int failed = pri_sr_set_channel(sr, text.channel, text.exclusive, 0);
    failed |= pri_sr_set_bearer(sr, text.speech ? SPEECH : AUDIO_3K1, LAYER1_ALAW);
    failed |= pri_sr_set_called(sr, text.called, text.called_plan, text.complete);
    failed |= pri_sr_set_caller(sr, text.with_caller ? text.caller : NULL, name, text.caller_plan, text.presentation);
    if (text.redirecting[0])
        failed |= pri_sr_set_redirecting(sr, text.redirecting, text.redirecting_plan, text.redirecting_presentation,
                                         text.reason);
    return failed;
}

EXPORT int64_t q9_setup(q9_link *link, const q9_request *request)
{
    struct q931_call *call = pri_new_call(link->pri);
    struct pri_sr *sr = pri_sr_new();
    int failed = !call || !sr || fill(sr, request) || pri_setup(link->pri, call, sr);
    if (sr)
        pri_sr_free(sr);
    if (failed && call)
        pri_destroycall(link->pri, call);
    return failed ? 0 : (int64_t)(intptr_t)call;
}

EXPORT int q9_digits(q9_link *link, int64_t call, const char *digits)
{
    int result = q9_known(link, call) ? 0 : -1;
    for (; *digits && !result; digits++)
        result = pri_information(link->pri, call_of(call), *digits);
    return result;
}

EXPORT int q9_setup_ack(q9_link *link, int64_t call, int32_t channel, int32_t in_band)
{
    return q9_known(link, call) ? pri_setup_ack(link->pri, call_of(call), channel, 0, in_band) : -1;
}

EXPORT int q9_proceeding(q9_link *link, int64_t call, int32_t channel)
{
    return q9_known(link, call) ? pri_proceeding(link->pri, call_of(call), channel, 0) : -1;
}

EXPORT int q9_alerting(q9_link *link, int64_t call, int32_t channel, int32_t in_band)
{
    return q9_known(link, call) ? pri_acknowledge(link->pri, call_of(call), channel, in_band) : -1;
}

EXPORT int q9_progress(q9_link *link, int64_t call, int32_t channel, int32_t cause)
{
    if (!q9_known(link, call))
        return -1;
    return cause > 0 ? pri_progress_with_cause(link->pri, call_of(call), channel, 1, cause)
                     : pri_progress(link->pri, call_of(call), channel, 1);
}

EXPORT int q9_connect(q9_link *link, int64_t call, int32_t channel)
{
    return q9_known(link, call) ? pri_answer(link->pri, call_of(call), channel, 0) : -1;
}

EXPORT int q9_connect_ack(q9_link *link, int64_t call)
{
    return q9_known(link, call) ? pri_connect_ack(link->pri, call_of(call), 0) : -1;
}

EXPORT int q9_hangup(q9_link *link, int64_t call, int32_t cause)
{
    return q9_known(link, call) ? pri_hangup(link->pri, call_of(call), cause) : -1;
}

EXPORT int q9_forget(q9_link *link, int64_t call)
{
    if (!q9_known(link, call))
        return -1;
    pri_destroycall(link->pri, call_of(call));
    return 0;
}

EXPORT int q9_restart(q9_link *link, int32_t channel) { return pri_reset(link->pri, channel); }

EXPORT int q9_service(q9_link *link, int32_t channel, int32_t status)
{
    return pri_maintenance_service(link->pri, 0, channel, status);
}
