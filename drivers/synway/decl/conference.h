/* Synway SynCTI: conferences on the card. Fact sheet section 13.2. -1 arguments of create take the defaults. */

/* The group's id, or -1. */
int SsmCreateConfGroup(int max_members, int max_speakers, int max_speaking, int max_silence);
int SsmJoinConfGroup(int group, int ch, unsigned short mode, int mix_volume, int create_always, int exit_always);
int SsmExitConfGroup(int ch, int free_group);
int SsmFreeConfGroup(int group);
int SsmValidateGrpId(int group);
int SsmGetTotalConfGroup(void);
int SsmGetConfGrpInfo(int group, unsigned short *members, unsigned short *speakers, unsigned short *speaking);
int SsmGetConfChInfo(int ch, int *group, int *member, unsigned short *mode, unsigned short *speaking,
                     unsigned int *silence);
