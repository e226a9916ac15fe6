/* What the simulated cards do not have: SIP and media channels, raw ISDN and SS7 messages, TCAP, legacy pauses, and
 * functions whose parameters the fact sheet does not tell. They answer like a card without the feature: -1, last
 * error 3. */
#include "shp.h"

#define WITHOUT(name)                                                                                                  \
    __attribute__((visibility("default"))) int name(void);                                                             \
    int name(void)                                                                                                     \
    {                                                                                                                  \
        return shp_unsupported(#name);                                                                                 \
    }

int SsmPauseCard(void)
{
    return shp_unsupported("SsmPauseCard");
}

int SsmRestartCard(void)
{
    return shp_unsupported("SsmRestartCard");
}

/* Boards and logs. */
WITHOUT(SsmReadBoardEepromShareSection)
WITHOUT(SsmWriteBoardEepromShareSection)
WITHOUT(SsmSetLogOutput)
WITHOUT(SsmGetLogAttribute)

/* Media. */
WITHOUT(SsmGetOverallEnergyAllCh)
WITHOUT(SsmSetVoiceEffectEx)
WITHOUT(SsmSetSil)
WITHOUT(SsmSetBusyTonePeriodEx)
WITHOUT(SsmStartRcvFSK_II)
WITHOUT(SsmStartRcvFSK_III)
WITHOUT(SsmGetRcvFSK)
WITHOUT(SsmRecRawData)

/* Fax. */
WITHOUT(SsmFaxSendMultiFileEx)
WITHOUT(SsmFaxSetSendMode)
WITHOUT(SsmFaxSetTransMode)

/* ISDN. */
WITHOUT(SsmISDNSetDialSubAddrEx)
WITHOUT(SsmISDNGetProgressMsg)
WITHOUT(SsmGetUserInfo)
WITHOUT(SsmSetUserInfo)
WITHOUT(SsmGetIsdnParameter)
WITHOUT(SsmSetIsdnParameter)
WITHOUT(SsmGetIsdnMsu)
WITHOUT(SsmSendIsdnMsu)

/* SS7. */
WITHOUT(SsmGetIsupUPPara)
WITHOUT(SsmSetIsupUPPara)
WITHOUT(SsmSetIsupParameter)
WITHOUT(SsmGetIsupParameter)
WITHOUT(SsmSetIsupFlag)
WITHOUT(SsmGetCpg)
WITHOUT(SsmIsupSendUsr)
WITHOUT(SsmIsupGetUsr)
WITHOUT(SsmGetInboundLinkSet)
WITHOUT(SsmSetTupParameter)
WITHOUT(SsmGetTupParameter)
WITHOUT(SsmSendSs7Msu)
WITHOUT(SsmGetSs7Msu)
WITHOUT(SsmSendSs7MsuEx)
WITHOUT(SsmSendSs7Mtp2Msu)
WITHOUT(SsmGetSs7Mtp2Msu)
WITHOUT(SsmSs7Mtp2CmdCtrl)
WITHOUT(SsmGetSs7SpyMsu)
WITHOUT(SsmStartTcap)
WITHOUT(SsmUserSendMessageToTcap)
WITHOUT(SpyRecToMem)

/* SIP. */
WITHOUT(SsmSipChRegister)
WITHOUT(SsmSipMultiChRegister)
WITHOUT(SsmIpGetMessageField)
WITHOUT(SsmLockMediaCh)
WITHOUT(SsmOpenMediaCh)
WITHOUT(SsmUpdateMediaCh)
WITHOUT(SsmCloseMediaCh)
WITHOUT(SsmUnlockMediaCh)
WITHOUT(SsmGetMediaChParam)
