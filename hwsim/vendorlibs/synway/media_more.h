/* Play, record, digits, tones: what a driver seldom needs. Fact sheet section 12. */

typedef void (*synway_dtmf_handler)(int ch, char digit, int state, void *user);
typedef void (*synway_tap_a)(int ch, unsigned char *data, unsigned int length);

/* Play. */
int SsmFastFwdPlay(int ch);
int SsmFastBwdPlay(int ch);
int SsmGetPlayType(int ch);
int SsmGetDTMFStopPlayCharSet(int ch, char *digits);
int SsmLoadIndexData(int segment, const char *alias, int codec, const char *path, int start, int length);
int SsmFreeIndexData(int segment);
int SsmSetMaxIdxSeg(unsigned short count);
int SsmGetTotalIndexSeg(void);
int SsmPlayIndexString(int ch, const char *aliases);
int SsmPlayIndexList(int ch, unsigned short count, unsigned short *segments);
int SsmStopPlayIndex(int ch);
int SsmClearPlayMemList(void);
int SsmAddToPlayMemList(unsigned char *buffer, unsigned int size, int codec);
int SsmPlayMemList(int ch, unsigned short *entries, unsigned short count);
int SsmStopPlayMemList(int ch);

/* Record. */
int SsmRecToFileA(int ch, const char *path, int codec, unsigned int start, unsigned int bytes, unsigned int ms,
                  int mask, synway_tap_a tap);
int SsmRecToFileEx(int ch, const char *path, int codec, unsigned int start, unsigned int bytes, unsigned int ms,
                   int mask, int save_on_barge_in, unsigned int rollback);
int SsmGetRecType(int ch);
int SsmSetRecAGC(int ch, int mode);
int SsmGetRecAGCSwitch(int ch);
int SsmSetPrerecord(int ch, int enable, int mode, unsigned short ms, int codec);

/* Digits. */
int SsmSetRxDtmfHandler(int ch, synway_dtmf_handler handler, void *user);
int SsmGet1stDtmf(int ch, char *digit);
int SsmGet1stDtmfClr(int ch, char *digit);
int SsmGetLastDtmf(int ch, char *digit);
int SsmSetWaitDtmf(int ch, unsigned short timeout, unsigned short max_digits, char end, int with_end);
int SsmSetWaitDtmfEx(int ch, unsigned short timeout, unsigned short max_digits, char end, int with_end);
int SsmSetWaitDtmfExA(int ch, unsigned short timeout, unsigned short max_digits, char *ends, int with_end);
int SsmSetWaitDtmfExB(int ch, unsigned int timeout, unsigned short max_digits, char *ends, int with_end);
int SsmChkWaitDtmf(int ch, char *digits);
int SsmCancelWaitDtmf(int ch);
int SsmEnableRxMF(int ch, int enable);
int SsmGetMFStr(int ch, char *digits);
int SsmClearRxMFBuf(int ch);

/* Tones. */
int SsmSetTonePara(int ch, unsigned short f1, unsigned short bw1, unsigned short f2, unsigned short bw2,
                   unsigned int ratio);
int SsmSetIsDialToneDtrTime(int ch, unsigned short ms);
int SsmSetBusyTonePeriod(int ch, unsigned short ms);
int SsmSetIsBusyToneDtrCnt(int ch, unsigned short count);
int SsmSetRingEchoTonePara(int ch, unsigned short on_ms, unsigned short off_ms);
int SsmSetVoiceFxPara(int ch, unsigned short which, unsigned short frequency, unsigned short bandwidth,
                      unsigned int ratio, unsigned short ms);
int SsmSetVoiceOnDetermineTime(int ch, unsigned short ms);
int SsmSetMinVocDtrEnergy(int ch, unsigned int energy);
int SsmStart2ndToneAnalyzer(int ch, int enable);
int SsmGetBusyToneLen(int ch);
int SsmGetBusyToneEx(int ch);
int SsmGetRingEchoToneTime(int ch);
unsigned int SsmGetOverallEnergy(int ch);
int SsmGetPeakFrq(int ch);
int SsmControlAMD(int ch, int enable);
int SsmGetAMDResult(int ch);
int SsmClearAMDResult(int ch);

/* Voice and gain. */
int SsmSetVoiceEnergyMinValue(int ch, unsigned int energy);
int SsmGetEchoCancellerState(int ch);
int SsmSetEchoCancellerStudy(int ch, int enable);
int SsmSetEchoCancelDelaySize(int ch, unsigned short size);
unsigned short SsmGetEchoCancelDelaySize(int ch);
int SsmSetMicGain(int ch, int gain);
int SsmBindVCh(int ch);
int SsmUnBindVCh(int ch);
int SsmSetVoiceEffect(int ch, int value);
int SsmGetMaxVCh(void);
int SsmGetMaxFreeVCh(void);

/* FSK. */
int SsmStartSendFSK(int ch, char *data, unsigned int bits);
int SsmCheckSendFsk(int ch);
int SsmStopSendFsk(int ch);
int SsmStartRcvFSK(int ch, unsigned short timeout, unsigned short max_length, unsigned char end_byte,
                   unsigned short end_count);
int SsmCheckRcvFSK(int ch);
int SsmStopRcvFSK(int ch);
int SsmSetFskPara(int frequency0, int frequency1, int baud, int amplitude);
