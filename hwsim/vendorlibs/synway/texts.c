/* Functions that return a text in a buffer of the library: one buffer per thread and function, valid until the next
 * call. */
#include "shp.h"

char *SsmGetCallerIdA(int ch)
{
    return shp_text(SHP_SLOT_CALLER, "SsmGetCallerId", ch);
}

char *SsmGetPhoNumStrA(int ch)
{
    return shp_text(SHP_SLOT_CALLED, "SsmGetPhoNumStr", ch);
}

char *SsmGet1stPhoNumStrA(int ch)
{
    return shp_text(SHP_SLOT_FIRST, "SsmGet1stPhoNumStr", ch);
}

char *SsmGetDtmfStrA(int ch)
{
    return shp_text(SHP_SLOT_DTMF, "SsmGetDtmfStr", ch);
}

char *DTRGetLCDStrA(int ch)
{
    return shp_text(SHP_SLOT_LCD, "DTRGetLCDStr", ch);
}
