/* Prints, as JSON, what the header that came with the kernel modules says: request numbers, sizes and offsets. Compiled
 * where those modules are built; `drivers/dahdi/decl/dahdi.h` is compared with it. */
#include <stddef.h>
#include <stdio.h>

#include <dahdi/user.h>

#define REQUEST(name) printf("%s\"" #name "\": %lu", separator, (unsigned long)DAHDI_##name), separator = ",\n  "
#define SIZE(name) printf("%s\"" #name "\": %zu", separator, sizeof(struct dahdi_##name)), separator = ",\n  "
#define OFFSET(type, field)                                                                                            \
    printf("%s\"" #type "." #field "\": %zu", separator, offsetof(struct dahdi_##type, field)), separator = ",\n  "

int main(void)
{
    const char *separator = "\n  ";

    printf("{\n \"requests\": {");
    REQUEST(GET_BLOCKSIZE);
    REQUEST(SET_BLOCKSIZE);
    REQUEST(FLUSH);
    REQUEST(SYNC);
    REQUEST(GET_PARAMS);
    REQUEST(GET_PARAMS_V1);
    REQUEST(SET_PARAMS);
    REQUEST(HOOK);
    REQUEST(GETEVENT);
    REQUEST(IOMUX);
    REQUEST(SPANSTAT);
    REQUEST(MAINT);
    REQUEST(GETCONF);
    REQUEST(SETCONF);
    REQUEST(CONFDIAG);
    REQUEST(GETGAINS);
    REQUEST(SETGAINS);
    REQUEST(SPANCONFIG);
    REQUEST(CHANCONFIG);
    REQUEST(CONFMUTE);
    REQUEST(SENDTONE);
    REQUEST(GETTONEZONE);
    REQUEST(SETTONEZONE);
    REQUEST(DEFAULTZONE);
    REQUEST(LOADZONE);
    REQUEST(FREEZONE);
    REQUEST(GET_BUFINFO);
    REQUEST(SET_BUFINFO);
    REQUEST(GET_DIALPARAMS);
    REQUEST(SET_DIALPARAMS);
    REQUEST(DIAL);
    REQUEST(AUDIOMODE);
    REQUEST(ECHOCANCEL);
    REQUEST(ECHOCANCEL_PARAMS);
    REQUEST(CHANNO);
    REQUEST(DIALING);
    REQUEST(HDLCRAWMODE);
    REQUEST(HDLCFCSMODE);
    REQUEST(SPECIFY);
    REQUEST(SETLAW);
    REQUEST(SETLINEAR);
    REQUEST(SETCADENCE);
    REQUEST(GETRXBITS);
    REQUEST(SETTXBITS);
    REQUEST(CHANDIAG);
    REQUEST(TIMERCONFIG);
    REQUEST(TIMERACK);
    REQUEST(ECHOTRAIN);
    REQUEST(ONHOOKTRANSFER);
    REQUEST(TIMERPING);
    REQUEST(TIMERPONG);
    REQUEST(GETVERSION);
    REQUEST(LOOPBACK);
    REQUEST(ATTACH_ECHOCAN);
    REQUEST(DYNAMIC_CREATE);
    REQUEST(DYNAMIC_DESTROY);
    REQUEST(SET_HWGAIN);
    REQUEST(TONEDETECT);
    REQUEST(SETPOLARITY);
    REQUEST(VMWI);
    REQUEST(STARTUP);
    REQUEST(SHUTDOWN);
    REQUEST(ECHOCANCEL_FAX_MODE);
    REQUEST(BUFFER_EVENTS);
    printf("\n },\n \"sizes\": {");
    separator = "\n  ";
    SIZE(params);
    SIZE(spaninfo);
    SIZE(maintinfo);
    SIZE(confinfo);
    SIZE(gains);
    SIZE(lineconfig);
    SIZE(chanconfig);
    SIZE(tone_def);
    SIZE(tone_def_header);
    SIZE(bufferinfo);
    SIZE(dialparams);
    SIZE(dialoperation);
    SIZE(echocanparam);
    SIZE(echocanparams);
    SIZE(ring_cadence);
    SIZE(versioninfo);
    SIZE(attach_echocan);
    SIZE(dynamic_span);
    SIZE(hwgain);
    printf("\n },\n \"offsets\": {");
    separator = "\n  ";
    OFFSET(params, sigtype);
    OFFSET(params, sigcap);
    OFFSET(params, rxisoffhook);
    OFFSET(params, rxbits);
    OFFSET(params, curlaw);
    OFFSET(params, name);
    OFFSET(params, prewinktime);
    OFFSET(params, chan_alarms);
    OFFSET(spaninfo, alarms);
    OFFSET(spaninfo, bpvcount);
    OFFSET(spaninfo, fecount);
    OFFSET(spaninfo, errsec);
    OFFSET(spaninfo, irqmisses);
    OFFSET(spaninfo, totalchans);
    OFFSET(spaninfo, lineconfig);
    OFFSET(spaninfo, location);
    OFFSET(spaninfo, manufacturer);
    OFFSET(spaninfo, devicetype);
    OFFSET(spaninfo, spantype);
    OFFSET(tone_def, fac1);
    OFFSET(tone_def, modulate);
    OFFSET(tone_def_header, ringcadence);
    OFFSET(tone_def_header, name);
    OFFSET(chanconfig, sigtype);
    OFFSET(chanconfig, idlebits);
    OFFSET(bufferinfo, readbufs);
    OFFSET(dialoperation, dialstr);
    OFFSET(echocanparams, params);
    OFFSET(attach_echocan, echocan);
    OFFSET(dynamic_span, spanno);
    printf("\n }\n}\n");
    return 0;
}
