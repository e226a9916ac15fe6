"""The machines under test, and the channel numbers on the analogue one."""

ANALOG = {"cards": [{"model": "SHT-4D-CT/PCI", "ports": "OOST", "serial": 4711}]}
DIGITAL = {"cards": [{"model": "SHD-30E-CT/PCIe", "spans": [{"signalling": "isdn_user"}]}]}
FXO, FXS, TAP = 0, 2, 3
