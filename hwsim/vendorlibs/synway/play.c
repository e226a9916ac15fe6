/* Playing files and lists (declarations: media.h, media_more.h); memory is in blocks.c. */
#include "shp.h"

int SsmPlayFile(int ch, const char *path, int codec, unsigned int start, unsigned int length)
{
    return (int)shp_call("SsmPlayFile", "ifiuu", ch, path, codec, start, length);
}

int SsmStopPlayFile(int ch)
{
    return (int)shp_call("SsmStopPlayFile", "i", ch);
}

int SsmStopPlay(int ch)
{
    return (int)shp_call("SsmStopPlay", "i", ch);
}

int SsmPausePlay(int ch)
{
    return (int)shp_call("SsmPausePlay", "i", ch);
}

int SsmRestartPlay(int ch)
{
    return (int)shp_call("SsmRestartPlay", "i", ch);
}

int SsmCheckPlay(int ch)
{
    return (int)shp_call("SsmCheckPlay", "i", ch);
}

int SsmGetPlayedTime(int ch)
{
    return (int)shp_call("SsmGetPlayedTime", "i", ch);
}

int SsmGetPlayedTimeEx(int ch)
{
    return (int)shp_call("SsmGetPlayedTimeEx", "i", ch);
}

int SsmGetPlayedPercentage(int ch)
{
    return (int)shp_call("SsmGetPlayedPercentage", "i", ch);
}

int SsmGetDataBytesPlayed(int ch)
{
    return (int)shp_call("SsmGetDataBytesPlayed", "i", ch);
}

int SsmGetDataBytesToPlay(int ch)
{
    return (int)shp_call("SsmGetDataBytesToPlay", "i", ch);
}

int SsmSetPlayTime(int ch, unsigned int ms)
{
    return (int)shp_call("SsmSetPlayTime", "iu", ch, ms);
}

int SsmSetPlayPrct(int ch, unsigned int percent)
{
    return (int)shp_call("SsmSetPlayPrct", "iu", ch, percent);
}

int SsmClearFileList(int ch)
{
    return (int)shp_call("SsmClearFileList", "i", ch);
}

int SsmAddToFileList(int ch, const char *path, int codec, unsigned int start, unsigned int length)
{
    return (int)shp_call("SsmAddToFileList", "ifiuu", ch, path, codec, start, length);
}

int SsmPlayFileList(int ch)
{
    return (int)shp_call("SsmPlayFileList", "i", ch);
}

int SsmStopPlayFileList(int ch)
{
    return (int)shp_call("SsmStopPlayFileList", "i", ch);
}

int SsmSetDtmfStopPlay(int ch, int enable)
{
    return (int)shp_call("SsmSetDtmfStopPlay", "ii", ch, enable);
}

int SsmSetDTMFStopPlayCharSet(int ch, const char *digits)
{
    return (int)shp_call("SsmSetDTMFStopPlayCharSet", "is", ch, digits);
}

int SsmSetBargeinStopPlay(int ch, int enable)
{
    return (int)shp_call("SsmSetBargeinStopPlay", "ii", ch, enable);
}

int SsmSetHangupStopPlayFlag(int ch, int enable)
{
    return (int)shp_call("SsmSetHangupStopPlayFlag", "ii", ch, enable);
}

int SsmSetPlayVolume(int ch, int volume)
{
    return (int)shp_call("SsmSetPlayVolume", "ii", ch, volume);
}

int SsmSetPlayGain(int ch, unsigned short gain)
{
    return (int)shp_call("SsmSetPlayGain", "iw", ch, gain);
}

int SsmSetPlayDest(int ch, int destination)
{
    return (int)shp_call("SsmSetPlayDest", "ii", ch, destination);
}

int SsmQueryPlayFormat(int ch, int codec)
{
    return (int)shp_call("SsmQueryPlayFormat", "ii", ch, codec);
}

int SsmGetPlayOffset(int ch, unsigned int *offset)
{
    return (int)shp_call("SsmGetPlayOffset", "iU", ch, offset);
}

int SsmSetStopPlayOffset(int ch, unsigned int offset)
{
    return (int)shp_call("SsmSetStopPlayOffset", "iu", ch, offset);
}

int SsmFastFwdPlay(int ch)
{
    return (int)shp_call("SsmFastFwdPlay", "i", ch);
}

int SsmFastBwdPlay(int ch)
{
    return (int)shp_call("SsmFastBwdPlay", "i", ch);
}

int SsmGetPlayType(int ch)
{
    return (int)shp_call("SsmGetPlayType", "i", ch);
}

int SsmGetDTMFStopPlayCharSet(int ch, char *digits)
{
    return (int)shp_call("SsmGetDTMFStopPlayCharSet", "iS", ch, digits);
}

int SsmLoadIndexData(int segment, const char *alias, int codec, const char *path, int start, int length)
{
    return (int)shp_call("SsmLoadIndexData", "isifii", segment, alias, codec, path, start, length);
}

int SsmFreeIndexData(int segment)
{
    return (int)shp_call("SsmFreeIndexData", "i", segment);
}

int SsmSetMaxIdxSeg(unsigned short count)
{
    return (int)shp_call("SsmSetMaxIdxSeg", "w", count);
}

int SsmGetTotalIndexSeg(void)
{
    return (int)shp_call("SsmGetTotalIndexSeg", "");
}

int SsmPlayIndexString(int ch, const char *aliases)
{
    return (int)shp_call("SsmPlayIndexString", "is", ch, aliases);
}

int SsmStopPlayIndex(int ch)
{
    return (int)shp_call("SsmStopPlayIndex", "i", ch);
}

int SsmClearPlayMemList(void)
{
    return (int)shp_call("SsmClearPlayMemList", "");
}

int SsmStopPlayMemList(int ch)
{
    return (int)shp_call("SsmStopPlayMemList", "i", ch);
}

int SsmStopPlayMemBlock(int ch)
{
    return (int)shp_call("SsmStopPlayMemBlock", "i", ch);
}
