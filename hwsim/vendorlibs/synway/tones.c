/* Tones, sent and analysed (declarations: media.h, media_more.h). */
#include "shp.h"

int SsmSendTone(int ch, int tone)
{
    return (int)shp_call("SsmSendTone", "ii", ch, tone);
}

int SsmSendToneEx(int ch, unsigned int on_ms, unsigned int off_ms)
{
    return (int)shp_call("SsmSendToneEx", "iuu", ch, on_ms, off_ms);
}

int SsmSetTxTonePara(int ch, int frequency1, int volume1, int frequency2, int volume2)
{
    return (int)shp_call("SsmSetTxTonePara", "iiiii", ch, frequency1, volume1, frequency2, volume2);
}

int SsmStopSendTone(int ch)
{
    return (int)shp_call("SsmStopSendTone", "i", ch);
}

int SsmChkSendTone(int ch, int *tone)
{
    return (int)shp_call("SsmChkSendTone", "iI", ch, tone);
}

int SsmStartToneAnalyze(int ch)
{
    return (int)shp_call("SsmStartToneAnalyze", "i", ch);
}

int SsmCloseToneAnalyze(int ch)
{
    return (int)shp_call("SsmCloseToneAnalyze", "i", ch);
}

int SsmClearToneAnalyzeResult(int ch)
{
    return (int)shp_call("SsmClearToneAnalyzeResult", "i", ch);
}

int SsmGetToneAnalyzeResult(int ch)
{
    return (int)shp_call("SsmGetToneAnalyzeResult", "i", ch);
}

int SsmGetBusyToneCount(int ch)
{
    return (int)shp_call("SsmGetBusyToneCount", "i", ch);
}

int SsmSetTonePara(int ch, unsigned short f1, unsigned short bw1, unsigned short f2, unsigned short bw2,
                   unsigned int ratio)
{
    return (int)shp_call("SsmSetTonePara", "iwwwwu", ch, f1, bw1, f2, bw2, ratio);
}

int SsmSetIsDialToneDtrTime(int ch, unsigned short ms)
{
    return (int)shp_call("SsmSetIsDialToneDtrTime", "iw", ch, ms);
}

int SsmSetBusyTonePeriod(int ch, unsigned short ms)
{
    return (int)shp_call("SsmSetBusyTonePeriod", "iw", ch, ms);
}

int SsmSetIsBusyToneDtrCnt(int ch, unsigned short count)
{
    return (int)shp_call("SsmSetIsBusyToneDtrCnt", "iw", ch, count);
}

int SsmSetRingEchoTonePara(int ch, unsigned short on_ms, unsigned short off_ms)
{
    return (int)shp_call("SsmSetRingEchoTonePara", "iww", ch, on_ms, off_ms);
}

int SsmSetVoiceFxPara(int ch, unsigned short which, unsigned short frequency, unsigned short bandwidth,
                      unsigned int ratio, unsigned short ms)
{
    return (int)shp_call("SsmSetVoiceFxPara", "iwwwuw", ch, which, frequency, bandwidth, ratio, ms);
}

int SsmSetVoiceOnDetermineTime(int ch, unsigned short ms)
{
    return (int)shp_call("SsmSetVoiceOnDetermineTime", "iw", ch, ms);
}

int SsmSetMinVocDtrEnergy(int ch, unsigned int energy)
{
    return (int)shp_call("SsmSetMinVocDtrEnergy", "iu", ch, energy);
}

int SsmStart2ndToneAnalyzer(int ch, int enable)
{
    return (int)shp_call("SsmStart2ndToneAnalyzer", "ii", ch, enable);
}

int SsmGetBusyToneLen(int ch)
{
    return (int)shp_call("SsmGetBusyToneLen", "i", ch);
}

int SsmGetBusyToneEx(int ch)
{
    return (int)shp_call("SsmGetBusyToneEx", "i", ch);
}

int SsmGetRingEchoToneTime(int ch)
{
    return (int)shp_call("SsmGetRingEchoToneTime", "i", ch);
}

unsigned int SsmGetOverallEnergy(int ch)
{
    return (unsigned)shp_call("SsmGetOverallEnergy", "i", ch);
}

int SsmGetPeakFrq(int ch)
{
    return (int)shp_call("SsmGetPeakFrq", "i", ch);
}

int SsmControlAMD(int ch, int enable)
{
    return (int)shp_call("SsmControlAMD", "ii", ch, enable);
}

int SsmGetAMDResult(int ch)
{
    return (int)shp_call("SsmGetAMDResult", "i", ch);
}

int SsmClearAMDResult(int ch)
{
    return (int)shp_call("SsmClearAMDResult", "i", ch);
}
