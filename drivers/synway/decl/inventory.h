/* Synway SynCTI: boards, spans, channels, flags. Fact sheet sections 7, 8, 15. Queries: value >= 0, or -1. */

int SsmGetMaxCfgBoard(void);
int SsmGetMaxUsableBoard(void);
int SsmGetBoardModel(int board);
int SsmGetBoardName(int board, char *name);
unsigned int SsmGetPciSerialNo(int board);
int SsmGetAccreditId(int board);
int SsmGetAccreditIdEx(int board);

int SsmGetMaxCh(void);
int SsmGetChType(int ch);
int SsmGetChHdInfo(int ch, int *board, int *board_ch);
int SsmGetAppChId(int *ch, int board, int board_ch);

int SsmGetMaxPcm(void);
int SsmGetPcmInfo(int pcm, int *ss_mode, int *board, int *board_pcm, int *use_ts16, unsigned int *recover_mode,
                  unsigned int *auto_call, unsigned int *auto_call_direction);
int SsmGetPcmLinkStatus(int pcm, unsigned short *status);
int SsmPcmTsToCh(int pcm, int timeslot);
int SsmChToPcmTs(int ch, int *pcm, int *timeslot);

/* Control flags by number (section 15). */
int SsmSetFlag(int ch, int flag, int value);
int SsmGetFlag(int ch, int flag, int *value);
