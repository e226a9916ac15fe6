/* Boards, spans and logs: what a driver seldom needs. Fact sheet sections 4, 7, 8, 14. */

int SsmStartBoard(int board);
int SsmStopBoard(int board);
int SsmPauseCard(void);
int SsmRestartCard(void);
unsigned int SsmGetUSBKeySerial(int board);

/* Capability probes: 1 yes, 0 no, -1 failure. */
int SsmQueryOpSendTone(int ch);
int SsmQueryOpToneAnalyze(int ch);
int SsmQueryOpRingDetect(int ch);
int SsmQueryOpPeakFrqDetect(int ch);
int SsmQueryOpRecMixer(int ch);
int SsmQueryOpEchoCanceller(int ch);
int SsmQueryOpPolarRvrs(int ch);
int SsmQueryOpSS1(int ch);
int SsmQueryOpBlockRemoteCh(int ch);
int SsmQueryOpADC(int ch);
int SsmQueryOpMicGain(int ch);
int SsmQueryOpPowerAmp(int ch);
int SsmChkOpCallerId(int ch);

int SsmSetPcmClockMode(int pcm, int mode);
int SsmSetPcmPowerDown(int pcm, int mode);
int SsmGetCbChStatus(int ch, unsigned short *status);
int SsmGetPcm32LineState(int ch);

int SsmSetLogEnable(int type, int enable, int create_mode);
int SsmSetLogAttribute(int period, int keep, int max_period, const char *path);
int SsmSetApiLogRange(int first_ch, int last_ch, int first_event, int last_event);
