/* Synway SynCTI: play, record, digits, tones, voice. Fact sheet section 12. Codec numbers: section 12.0.
 * Lengths and offsets in bytes, 0xFFFFFFFF = to the end or without limit; times in ms. */

/* Play (12.1). */
int SsmPlayFile(int ch, const char *path, int codec, unsigned int start, unsigned int length);
int SsmStopPlayFile(int ch);
int SsmStopPlay(int ch);
int SsmPausePlay(int ch);
int SsmRestartPlay(int ch);
/* 0 playing, 1 to 8 ended with that reason, -1 failure. */
int SsmCheckPlay(int ch);
int SsmGetPlayedTime(int ch);
int SsmGetPlayedTimeEx(int ch);
int SsmGetPlayedPercentage(int ch);
int SsmGetDataBytesPlayed(int ch);
int SsmGetDataBytesToPlay(int ch);
int SsmSetPlayTime(int ch, unsigned int ms);
int SsmSetPlayPrct(int ch, unsigned int percent);
int SsmClearFileList(int ch);
int SsmAddToFileList(int ch, const char *path, int codec, unsigned int start, unsigned int length);
int SsmPlayFileList(int ch);
int SsmStopPlayFileList(int ch);
int SsmSetDtmfStopPlay(int ch, int enable);
int SsmSetDTMFStopPlayCharSet(int ch, const char *digits);
int SsmSetBargeinStopPlay(int ch, int enable);
int SsmSetHangupStopPlayFlag(int ch, int enable);
int SsmSetPlayVolume(int ch, int volume);
int SsmSetPlayGain(int ch, unsigned short gain);
/* 0 to the line, 1 to the bus. */
int SsmSetPlayDest(int ch, int destination);
int SsmQueryPlayFormat(int ch, int codec);

/* Circular play buffer; it belongs to the caller and must outlive the task. */
int SsmPlayMem(int ch, int codec, unsigned char *buffer, unsigned int size, unsigned int start, unsigned int stop);
int SsmGetPlayOffset(int ch, unsigned int *offset);
int SsmSetStopPlayOffset(int ch, unsigned int offset);
int SsmStopPlayMem(int ch);

/* Record (12.2). */
int SsmRecToFile(int ch, const char *path, int codec, unsigned int start, unsigned int bytes, unsigned int ms,
                 int mask);
int SsmStopRecToFile(int ch);
int SsmPauseRecToFile(int ch);
int SsmRestartRecToFile(int ch);
/* 1 recording, 0 idle. */
int SsmChkRecToFile(int ch);
/* 0 recording, else the reason of the end. */
int SsmCheckRecord(int ch);
int SsmGetRecTime(int ch);
int SsmGetDataBytesToRecord(int ch);
int SsmRecStereoToFile(const char *path, unsigned int ch1, unsigned int ch2, int codec);
int SsmStopRecStereoToFile(unsigned int ch1, unsigned int ch2);
int SsmChkStereoToFile(unsigned int ch1, unsigned int ch2);
int SsmSetRecMixer(int ch, int enable, int volume);
int SsmSetRecVolume(int ch, int volume);
int SsmSetRecBack(int ch, int enable);
int SsmSetDTMFStopRecCharSet(int ch, const char *digits);
int SsmSetHangupStopRecFlag(int ch, int enable);
int SsmSetTruncateTail(int ch, unsigned int ms);
int SsmQueryRecFormat(int ch, int codec);

/* Circular record buffer; it belongs to the caller and must outlive the task. */
int SsmRecToMem(int ch, int codec, unsigned char *buffer, unsigned int size, unsigned int start);
int SsmGetRecOffset(int ch, unsigned int *offset);
int SsmStopRecToMem(int ch);

/* Sound to and from the program while it comes (12.1, 12.2). Callbacks come on the library's own threads; the next block may
 * be submitted from the callback of the one before. Reasons of play: 1 done, 2 DTMF, 3 barge-in, 4 remote hang-up,
 * 5 application (4 and 5 may be swapped); of record: 1 application, 2 DTMF, 3 hang-up, 4 done. */
/* End of a play or record block; the return value means nothing that is known. */
typedef int (*synway_block_done)(int ch, int reason, unsigned char *buffer, unsigned int stop_offset, void *user);
typedef void (*synway_tap_b)(int ch, unsigned char *data, unsigned int length, void *user);
int SsmPlayMemBlock(int ch, int codec, unsigned char *buffer, unsigned int size, synway_block_done done, void *user);
int SsmStopPlayMemBlock(int ch);
int SsmRecToFileB(int ch, const char *path, int codec, unsigned int start, unsigned int bytes, unsigned int ms,
                  int mask, synway_tap_b tap, void *user);
int SsmRecordMemBlock(int ch, int codec, unsigned char *buffer, unsigned int size, synway_block_done done, void *user);
int SsmStopRecordMemBlock(int ch);

/* DTMF (12.3). */
int SsmEnableRxDtmf(int ch, int enable);
int SsmClearRxDtmfBuf(int ch);
int SsmGetDtmfStr(int ch, char *digits);
char *SsmGetDtmfStrA(int ch);
int SsmGetRxDtmfLen(int ch);
int SsmGetRxDtmfBufSize(void);
int SsmTxDtmf(int ch, const char *digits);
int SsmChkTxDtmf(int ch);
int SsmStopTxDtmf(int ch);
int SsmSetTxDtmfPara(int ch, unsigned short on_ms, unsigned short off_ms);

/* Tones (12.4, 12.5): 0 dial, 1 busy, 2 ringback, 3 howler. */
int SsmSendTone(int ch, int tone);
int SsmSendToneEx(int ch, unsigned int on_ms, unsigned int off_ms);
int SsmSetTxTonePara(int ch, int frequency1, int volume1, int frequency2, int volume2);
int SsmStopSendTone(int ch);
int SsmChkSendTone(int ch, int *tone);
int SsmStartToneAnalyze(int ch);
int SsmCloseToneAnalyze(int ch);
int SsmClearToneAnalyzeResult(int ch);
int SsmGetToneAnalyzeResult(int ch);
int SsmGetBusyToneCount(int ch);

/* Voice (12.6, 12.7). */
int SsmDetectBargeIn(int ch);
int SsmDetectNoSound(int ch);
int SsmGetNoSoundTime(int ch);
int SsmSetBargeInSens(int ch, int sensitivity);
int SsmSetIsBargeInDtrmTime(int ch, unsigned short ms);
int SsmSetNoSoundDtrmTime(int ch, unsigned int ms);
int SsmSetEchoCanceller(int ch, int enable);
