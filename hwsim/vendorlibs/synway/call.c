/* Call control (declarations: call.h). */
#include "shp.h"

int SsmGetChState(int ch)
{
    return (int)shp_call("SsmGetChState", "i", ch);
}

int SsmGetChStateKeepTime(int ch)
{
    return (int)shp_call("SsmGetChStateKeepTime", "i", ch);
}

int SsmGetPendingReason(int ch)
{
    return (int)shp_call("SsmGetPendingReason", "i", ch);
}

unsigned short SsmGetReleaseReason(int ch)
{
    return (unsigned short)shp_call("SsmGetReleaseReason", "i", ch);
}

int SsmPickup(int ch)
{
    return (int)shp_call("SsmPickup", "i", ch);
}

int SsmHangup(int ch)
{
    return (int)shp_call("SsmHangup", "i", ch);
}

int SsmHangupEx(int ch, unsigned char cause)
{
    return (int)shp_call("SsmHangupEx", "ic", ch, cause);
}

int SsmISDNSetHangupRzn(int ch, int cause)
{
    return (int)shp_call("SsmISDNSetHangupRzn", "ii", ch, cause);
}

int SsmSearchIdleCallOutCh(unsigned short mode, unsigned int precedence)
{
    return (int)shp_call("SsmSearchIdleCallOutCh", "wu", mode, precedence);
}

int SsmAutoDial(int ch, const char *number)
{
    return (int)shp_call("SsmAutoDial", "is", ch, number);
}

int SsmAppendPhoNum(int ch, const char *digits)
{
    return (int)shp_call("SsmAppendPhoNum", "is", ch, digits);
}

int SsmChkAutoDial(int ch)
{
    return (int)shp_call("SsmChkAutoDial", "i", ch);
}

int SsmGetAutoDialFailureReason(int ch)
{
    return (int)shp_call("SsmGetAutoDialFailureReason", "i", ch);
}

int SsmSetWaitAutoDialAnswerTime(unsigned short seconds)
{
    return (int)shp_call("SsmSetWaitAutoDialAnswerTime", "w", seconds);
}

int SsmSetWaitAutoDialAnswerTimeEx(int ch, int seconds)
{
    return (int)shp_call("SsmSetWaitAutoDialAnswerTimeEx", "ii", ch, seconds);
}

int SsmGetWaitAutoDialAnswerTime(unsigned short *seconds)
{
    return (int)shp_call("SsmGetWaitAutoDialAnswerTime", "W", seconds);
}

int SsmSetAutoCallDirection(int ch, int enable_auto, int direction)
{
    return (int)shp_call("SsmSetAutoCallDirection", "iii", ch, enable_auto, direction);
}

int SsmGetAutoCallDirection(int ch, int *direction)
{
    return (int)shp_call("SsmGetAutoCallDirection", "iI", ch, direction);
}

int SsmEnableAutoSendKB(int ch, int enable)
{
    return (int)shp_call("SsmEnableAutoSendKB", "ii", ch, enable);
}

int SsmGetAutoSendKBFlag(int ch)
{
    return (int)shp_call("SsmGetAutoSendKBFlag", "i", ch);
}

int SsmSetKB(int ch, unsigned char kb)
{
    return (int)shp_call("SsmSetKB", "ic", ch, kb);
}

int SsmGetKB(int ch)
{
    return (int)shp_call("SsmGetKB", "i", ch);
}

int SsmSetTxCallerId(int ch, const char *number)
{
    return (int)shp_call("SsmSetTxCallerId", "is", ch, number);
}

int SsmGetTxCallerId(int ch, char *number)
{
    return (int)shp_call("SsmGetTxCallerId", "iS", ch, number);
}

int SsmGetCallerId(int ch, char *number)
{
    return (int)shp_call("SsmGetCallerId", "iS", ch, number);
}

int SsmGetCallerIdEx(int ch, char *message)
{
    return (int)shp_call("SsmGetCallerIdEx", "iS", ch, message);
}

int SsmGetCallerName(int ch, char *name)
{
    return (int)shp_call("SsmGetCallerName", "iS", ch, name);
}

int SsmClearCallerId(int ch)
{
    return (int)shp_call("SsmClearCallerId", "i", ch);
}

int SsmClearCallerIdEx(int ch)
{
    return (int)shp_call("SsmClearCallerIdEx", "i", ch);
}

int SsmGetPhoNumStr(int ch, char *number)
{
    return (int)shp_call("SsmGetPhoNumStr", "iS", ch, number);
}

int SsmGetPhoNumLen(int ch)
{
    return (int)shp_call("SsmGetPhoNumLen", "i", ch);
}

int SsmGet1stPhoNumStr(int ch, char *number)
{
    return (int)shp_call("SsmGet1stPhoNumStr", "iS", ch, number);
}

int SsmGet1stPhoNumLen(int ch)
{
    return (int)shp_call("SsmGet1stPhoNumLen", "i", ch);
}

int SsmBlockLocalCh(int ch)
{
    return (int)shp_call("SsmBlockLocalCh", "i", ch);
}

int SsmUnblockLocalCh(int ch)
{
    return (int)shp_call("SsmUnblockLocalCh", "i", ch);
}

int SsmQueryLocalChBlockState(int ch, unsigned int *state)
{
    return (int)shp_call("SsmQueryLocalChBlockState", "iU", ch, state);
}

int SsmBlockLocalPCM(int pcm)
{
    return (int)shp_call("SsmBlockLocalPCM", "i", pcm);
}

int SsmUnblockLocalPCM(int pcm)
{
    return (int)shp_call("SsmUnblockLocalPCM", "i", pcm);
}

int SsmQueryLocalPCMBlockState(int pcm, unsigned int *state)
{
    return (int)shp_call("SsmQueryLocalPCMBlockState", "iU", pcm, state);
}

int SsmBlockRemoteCh(int ch)
{
    return (int)shp_call("SsmBlockRemoteCh", "i", ch);
}

int SsmUnblockRemoteCh(int ch)
{
    return (int)shp_call("SsmUnblockRemoteCh", "i", ch);
}

int SsmGetRemoteChBlockStatus(int ch)
{
    return (int)shp_call("SsmGetRemoteChBlockStatus", "i", ch);
}
