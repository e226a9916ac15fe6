/* Recording to files (declarations: media.h, media_more.h); memory is in blocks.c, live data in taps.c. */
#include "shp.h"

int SsmRecToFile(int ch, const char *path, int codec, unsigned int start, unsigned int bytes, unsigned int ms, int mask)
{
    return (int)shp_call("SsmRecToFile", "igiuuui", ch, path, codec, start, bytes, ms, mask);
}

int SsmStopRecToFile(int ch)
{
    return (int)shp_call("SsmStopRecToFile", "i", ch);
}

int SsmPauseRecToFile(int ch)
{
    return (int)shp_call("SsmPauseRecToFile", "i", ch);
}

int SsmRestartRecToFile(int ch)
{
    return (int)shp_call("SsmRestartRecToFile", "i", ch);
}

int SsmChkRecToFile(int ch)
{
    return (int)shp_call("SsmChkRecToFile", "i", ch);
}

int SsmCheckRecord(int ch)
{
    return (int)shp_call("SsmCheckRecord", "i", ch);
}

int SsmGetRecTime(int ch)
{
    return (int)shp_call("SsmGetRecTime", "i", ch);
}

int SsmGetDataBytesToRecord(int ch)
{
    return (int)shp_call("SsmGetDataBytesToRecord", "i", ch);
}

int SsmRecStereoToFile(const char *path, unsigned int ch1, unsigned int ch2, int codec)
{
    return (int)shp_call("SsmRecStereoToFile", "guui", path, ch1, ch2, codec);
}

int SsmStopRecStereoToFile(unsigned int ch1, unsigned int ch2)
{
    return (int)shp_call("SsmStopRecStereoToFile", "uu", ch1, ch2);
}

int SsmChkStereoToFile(unsigned int ch1, unsigned int ch2)
{
    return (int)shp_call("SsmChkStereoToFile", "uu", ch1, ch2);
}

int SsmSetRecMixer(int ch, int enable, int volume)
{
    return (int)shp_call("SsmSetRecMixer", "iii", ch, enable, volume);
}

int SsmSetRecVolume(int ch, int volume)
{
    return (int)shp_call("SsmSetRecVolume", "ii", ch, volume);
}

int SsmSetRecBack(int ch, int enable)
{
    return (int)shp_call("SsmSetRecBack", "ii", ch, enable);
}

int SsmSetDTMFStopRecCharSet(int ch, const char *digits)
{
    return (int)shp_call("SsmSetDTMFStopRecCharSet", "is", ch, digits);
}

int SsmSetHangupStopRecFlag(int ch, int enable)
{
    return (int)shp_call("SsmSetHangupStopRecFlag", "ii", ch, enable);
}

int SsmSetTruncateTail(int ch, unsigned int ms)
{
    return (int)shp_call("SsmSetTruncateTail", "iu", ch, ms);
}

int SsmQueryRecFormat(int ch, int codec)
{
    return (int)shp_call("SsmQueryRecFormat", "ii", ch, codec);
}

int SsmGetRecOffset(int ch, unsigned int *offset)
{
    return (int)shp_call("SsmGetRecOffset", "iU", ch, offset);
}

int SsmRecToFileEx(int ch, const char *path, int codec, unsigned int start, unsigned int bytes, unsigned int ms,
                   int mask, int save_on_barge_in, unsigned int rollback)
{
    return (int)shp_call("SsmRecToFileEx", "igiuuuiiu", ch, path, codec, start, bytes, ms, mask, save_on_barge_in,
                         rollback);
}

int SsmGetRecType(int ch)
{
    return (int)shp_call("SsmGetRecType", "i", ch);
}

int SsmStopRecordMemBlock(int ch)
{
    return (int)shp_call("SsmStopRecordMemBlock", "i", ch);
}

int SsmSetRecAGC(int ch, int mode)
{
    return (int)shp_call("SsmSetRecAGC", "ii", ch, mode);
}

int SsmGetRecAGCSwitch(int ch)
{
    return (int)shp_call("SsmGetRecAGCSwitch", "i", ch);
}

int SsmSetPrerecord(int ch, int enable, int mode, unsigned short ms, int codec)
{
    return (int)shp_call("SsmSetPrerecord", "iiiwi", ch, enable, mode, ms, codec);
}
