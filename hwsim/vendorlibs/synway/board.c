/* Boards, spans, channels, flags, logs (declarations: inventory.h, board_more.h). */
#include "shp.h"

int SsmGetMaxCfgBoard(void)
{
    return (int)shp_call("SsmGetMaxCfgBoard", "");
}

int SsmGetMaxUsableBoard(void)
{
    return (int)shp_call("SsmGetMaxUsableBoard", "");
}

int SsmGetBoardModel(int board)
{
    return (int)shp_call("SsmGetBoardModel", "i", board);
}

int SsmGetBoardName(int board, char *name)
{
    return (int)shp_call("SsmGetBoardName", "iS", board, name);
}

unsigned int SsmGetPciSerialNo(int board)
{
    return (unsigned)shp_call("SsmGetPciSerialNo", "i", board);
}

int SsmGetAccreditId(int board)
{
    return (int)shp_call("SsmGetAccreditId", "i", board);
}

int SsmGetAccreditIdEx(int board)
{
    return (int)shp_call("SsmGetAccreditIdEx", "i", board);
}

int SsmGetMaxCh(void)
{
    return (int)shp_call("SsmGetMaxCh", "");
}

int SsmGetChType(int ch)
{
    return (int)shp_call("SsmGetChType", "i", ch);
}

int SsmGetChHdInfo(int ch, int *board, int *board_ch)
{
    return (int)shp_call("SsmGetChHdInfo", "iII", ch, board, board_ch);
}

int SsmGetAppChId(int *ch, int board, int board_ch)
{
    return (int)shp_call("SsmGetAppChId", "Iii", ch, board, board_ch);
}

int SsmGetMaxPcm(void)
{
    return (int)shp_call("SsmGetMaxPcm", "");
}

int SsmGetPcmInfo(int pcm, int *ss_mode, int *board, int *board_pcm, int *use_ts16, unsigned int *recover_mode,
                  unsigned int *auto_call, unsigned int *auto_call_direction)
{
    return (int)shp_call("SsmGetPcmInfo", "iIIIIUUU", pcm, ss_mode, board, board_pcm, use_ts16, recover_mode, auto_call,
                         auto_call_direction);
}

int SsmGetPcmLinkStatus(int pcm, unsigned short *status)
{
    return (int)shp_call("SsmGetPcmLinkStatus", "iW", pcm, status);
}

int SsmPcmTsToCh(int pcm, int timeslot)
{
    return (int)shp_call("SsmPcmTsToCh", "ii", pcm, timeslot);
}

int SsmChToPcmTs(int ch, int *pcm, int *timeslot)
{
    return (int)shp_call("SsmChToPcmTs", "iII", ch, pcm, timeslot);
}

int SsmSetFlag(int ch, int flag, int value)
{
    return (int)shp_call("SsmSetFlag", "iii", ch, flag, value);
}

int SsmGetFlag(int ch, int flag, int *value)
{
    return (int)shp_call("SsmGetFlag", "iiI", ch, flag, value);
}

int SsmStartBoard(int board)
{
    return (int)shp_call("SsmStartBoard", "i", board);
}

int SsmStopBoard(int board)
{
    return (int)shp_call("SsmStopBoard", "i", board);
}

unsigned int SsmGetUSBKeySerial(int board)
{
    return (unsigned)shp_call("SsmGetUSBKeySerial", "i", board);
}

int SsmQueryOpSendTone(int ch)
{
    return (int)shp_call("SsmQueryOpSendTone", "i", ch);
}

int SsmQueryOpToneAnalyze(int ch)
{
    return (int)shp_call("SsmQueryOpToneAnalyze", "i", ch);
}

int SsmQueryOpRingDetect(int ch)
{
    return (int)shp_call("SsmQueryOpRingDetect", "i", ch);
}

int SsmQueryOpPeakFrqDetect(int ch)
{
    return (int)shp_call("SsmQueryOpPeakFrqDetect", "i", ch);
}

int SsmQueryOpRecMixer(int ch)
{
    return (int)shp_call("SsmQueryOpRecMixer", "i", ch);
}

int SsmQueryOpEchoCanceller(int ch)
{
    return (int)shp_call("SsmQueryOpEchoCanceller", "i", ch);
}

int SsmQueryOpPolarRvrs(int ch)
{
    return (int)shp_call("SsmQueryOpPolarRvrs", "i", ch);
}

int SsmQueryOpSS1(int ch)
{
    return (int)shp_call("SsmQueryOpSS1", "i", ch);
}

int SsmQueryOpBlockRemoteCh(int ch)
{
    return (int)shp_call("SsmQueryOpBlockRemoteCh", "i", ch);
}

int SsmQueryOpADC(int ch)
{
    return (int)shp_call("SsmQueryOpADC", "i", ch);
}

int SsmQueryOpMicGain(int ch)
{
    return (int)shp_call("SsmQueryOpMicGain", "i", ch);
}

int SsmQueryOpPowerAmp(int ch)
{
    return (int)shp_call("SsmQueryOpPowerAmp", "i", ch);
}

int SsmChkOpCallerId(int ch)
{
    return (int)shp_call("SsmChkOpCallerId", "i", ch);
}

int SsmSetPcmClockMode(int pcm, int mode)
{
    return (int)shp_call("SsmSetPcmClockMode", "ii", pcm, mode);
}

int SsmSetPcmPowerDown(int pcm, int mode)
{
    return (int)shp_call("SsmSetPcmPowerDown", "ii", pcm, mode);
}

int SsmGetCbChStatus(int ch, unsigned short *status)
{
    return (int)shp_call("SsmGetCbChStatus", "iW", ch, status);
}

int SsmGetPcm32LineState(int ch)
{
    return (int)shp_call("SsmGetPcm32LineState", "i", ch);
}

int SsmSetLogEnable(int type, int enable, int create_mode)
{
    return (int)shp_call("SsmSetLogEnable", "iii", type, enable, create_mode);
}

int SsmSetLogAttribute(int period, int keep, int max_period, const char *path)
{
    return (int)shp_call("SsmSetLogAttribute", "iiis", period, keep, max_period, path);
}

int SsmSetApiLogRange(int first_ch, int last_ch, int first_event, int last_event)
{
    return (int)shp_call("SsmSetApiLogRange", "iiii", first_ch, last_ch, first_event, last_event);
}
