/* Voice activity, echo, gain, alteration (declarations: media.h, media_more.h). */
#include "shp.h"

int SsmDetectBargeIn(int ch)
{
    return (int)shp_call("SsmDetectBargeIn", "i", ch);
}

int SsmDetectNoSound(int ch)
{
    return (int)shp_call("SsmDetectNoSound", "i", ch);
}

int SsmGetNoSoundTime(int ch)
{
    return (int)shp_call("SsmGetNoSoundTime", "i", ch);
}

int SsmSetBargeInSens(int ch, int sensitivity)
{
    return (int)shp_call("SsmSetBargeInSens", "ii", ch, sensitivity);
}

int SsmSetIsBargeInDtrmTime(int ch, unsigned short ms)
{
    return (int)shp_call("SsmSetIsBargeInDtrmTime", "iw", ch, ms);
}

int SsmSetNoSoundDtrmTime(int ch, unsigned int ms)
{
    return (int)shp_call("SsmSetNoSoundDtrmTime", "iu", ch, ms);
}

int SsmSetEchoCanceller(int ch, int enable)
{
    return (int)shp_call("SsmSetEchoCanceller", "ii", ch, enable);
}

int SsmSetVoiceEnergyMinValue(int ch, unsigned int energy)
{
    return (int)shp_call("SsmSetVoiceEnergyMinValue", "iu", ch, energy);
}

int SsmGetEchoCancellerState(int ch)
{
    return (int)shp_call("SsmGetEchoCancellerState", "i", ch);
}

int SsmSetEchoCancellerStudy(int ch, int enable)
{
    return (int)shp_call("SsmSetEchoCancellerStudy", "ii", ch, enable);
}

int SsmSetEchoCancelDelaySize(int ch, unsigned short size)
{
    return (int)shp_call("SsmSetEchoCancelDelaySize", "iw", ch, size);
}

unsigned short SsmGetEchoCancelDelaySize(int ch)
{
    return (unsigned short)shp_call("SsmGetEchoCancelDelaySize", "i", ch);
}

int SsmSetMicGain(int ch, int gain)
{
    return (int)shp_call("SsmSetMicGain", "ii", ch, gain);
}

int SsmBindVCh(int ch)
{
    return (int)shp_call("SsmBindVCh", "i", ch);
}

int SsmUnBindVCh(int ch)
{
    return (int)shp_call("SsmUnBindVCh", "i", ch);
}

int SsmSetVoiceEffect(int ch, int value)
{
    return (int)shp_call("SsmSetVoiceEffect", "ii", ch, value);
}

int SsmGetMaxVCh(void)
{
    return (int)shp_call("SsmGetMaxVCh", "");
}

int SsmGetMaxFreeVCh(void)
{
    return (int)shp_call("SsmGetMaxFreeVCh", "");
}
