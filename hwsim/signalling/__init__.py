"""Network-side signalling of E1 spans whose cards leave it to the host: Q.931 by libpri, MFC-R2 by libopenr2."""
