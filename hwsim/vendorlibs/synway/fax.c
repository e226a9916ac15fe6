/* Fax (declarations: fax.h, fax_more.h). */
#include "shp.h"

int SsmFaxStartSend(int ch, const char *path)
{
    return (int)shp_call("SsmFaxStartSend", "if", ch, path);
}

int SsmFaxStartSendEx(int ch, const char *path, int first_page, int last_page)
{
    return (int)shp_call("SsmFaxStartSendEx", "ifii", ch, path, first_page, last_page);
}

int SsmFaxStartReceive(int ch, const char *path)
{
    return (int)shp_call("SsmFaxStartReceive", "ig", ch, path);
}

int SsmFaxStop(int ch)
{
    return (int)shp_call("SsmFaxStop", "i", ch);
}

int SsmFaxCheckEnd(int ch)
{
    return (int)shp_call("SsmFaxCheckEnd", "i", ch);
}

int SsmFaxGetPages(int ch)
{
    return (int)shp_call("SsmFaxGetPages", "i", ch);
}

int SsmFaxGetSpeed(int ch)
{
    return (int)shp_call("SsmFaxGetSpeed", "i", ch);
}

int SsmFaxSetID(int ch, const char *id)
{
    return (int)shp_call("SsmFaxSetID", "is", ch, id);
}

int SsmFaxGetID(int ch, char *id)
{
    return (int)shp_call("SsmFaxGetID", "iS", ch, id);
}

int SsmFaxGetFailReason(int ch)
{
    return (int)shp_call("SsmFaxGetFailReason", "i", ch);
}

int SsmFaxSendMultiFile(int ch, const char *folder, const char *names)
{
    return (int)shp_call("SsmFaxSendMultiFile", "iss", ch, folder, names);
}

int SsmFaxAppendSend(int ch, const char *path)
{
    return (int)shp_call("SsmFaxAppendSend", "if", ch, path);
}

void SsmFaxSetMaxSpeed(int speed)
{
    shp_call("SsmFaxSetMaxSpeed", "i", speed);
}

int SsmFaxSetChSpeed(int ch, int speed)
{
    return (int)shp_call("SsmFaxSetChSpeed", "ii", ch, speed);
}

int SsmFaxSetHangup(int ch, int enable)
{
    return (int)shp_call("SsmFaxSetHangup", "ii", ch, enable);
}

int SsmFaxSetCodeMode(int ch, int mode, unsigned int value)
{
    return (int)shp_call("SsmFaxSetCodeMode", "iiu", ch, mode, value);
}

int SsmFaxGetChState(int ch, unsigned short *state)
{
    return (int)shp_call("SsmFaxGetChState", "iW", ch, state);
}

int SsmFaxGetChStateMsg(int ch, char *text)
{
    return (int)shp_call("SsmFaxGetChStateMsg", "iS", ch, text);
}

int SsmFaxGetAllBytes(int ch)
{
    return (int)shp_call("SsmFaxGetAllBytes", "i", ch);
}

int SsmFaxGetRcvBytes(int ch)
{
    return (int)shp_call("SsmFaxGetRcvBytes", "i", ch);
}

int SsmFaxGetSendBytes(int ch)
{
    return (int)shp_call("SsmFaxGetSendBytes", "i", ch);
}

int SsmFaxGetMode(int ch, int *direction, int *resolution, int *transmission)
{
    return (int)shp_call("SsmFaxGetMode", "iIII", ch, direction, resolution, transmission);
}

int SsmFaxGetDcnTag(int ch)
{
    return (int)shp_call("SsmFaxGetDcnTag", "i", ch);
}
