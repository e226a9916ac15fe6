/* Synway SynCTI: start, stop, errors, versions. Read by cffi (ABI mode) and by the simulated library.
 * Source: fact sheet sections 4, 5, 16. All functions: 0 done, -1 refused, unless noted. */

struct synway_version {
    unsigned char major;
    unsigned char minor;
    unsigned short internal;
    unsigned short build;
    unsigned char release;
    unsigned char feature;
};

/* How events are delivered; see events.h for the modes. */
struct synway_event_setting {
    unsigned int work_mode;
    void *handler;
    unsigned int out_condition;
    unsigned int out_param;
    unsigned int user;
};

/* Both block for seconds. -2: another process owns the driver. */
int SsmStartCti(const char *config_path, const char *index_path);
int SsmStartCtiEx(const char *config_path, const char *index_path, int enable, struct synway_event_setting *setting);
/* -1 is a failure; any other value means closed. */
int SsmCloseCti(void);

/* One slot for the whole process. The text buffer must hold 300 bytes. */
void SsmGetLastErrMsg(char *text);
char *SsmGetLastErrMsgA(void);
int SsmGetLastErrCode(void);

int SsmGetDllVersion(struct synway_version *version);
/* Counts the card's interrupts; moves while the hardware lives. */
unsigned int SsmGetIntCount(void);
