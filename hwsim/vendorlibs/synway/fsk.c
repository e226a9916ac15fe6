/* FSK data (declarations: media_more.h). */
#include "shp.h"

int SsmCheckSendFsk(int ch)
{
    return (int)shp_call("SsmCheckSendFsk", "i", ch);
}

int SsmStopSendFsk(int ch)
{
    return (int)shp_call("SsmStopSendFsk", "i", ch);
}

int SsmStartRcvFSK(int ch, unsigned short timeout, unsigned short max_length, unsigned char end_byte,
                   unsigned short end_count)
{
    return (int)shp_call("SsmStartRcvFSK", "iwwcw", ch, timeout, max_length, end_byte, end_count);
}

int SsmCheckRcvFSK(int ch)
{
    return (int)shp_call("SsmCheckRcvFSK", "i", ch);
}

int SsmStopRcvFSK(int ch)
{
    return (int)shp_call("SsmStopRcvFSK", "i", ch);
}

int SsmSetFskPara(int frequency0, int frequency1, int baud, int amplitude)
{
    return (int)shp_call("SsmSetFskPara", "iiii", frequency0, frequency1, baud, amplitude);
}
