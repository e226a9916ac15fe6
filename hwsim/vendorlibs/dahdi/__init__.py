"""Cards of the DAHDI family: the kernel's driver hands their signalling and sound to the host."""
