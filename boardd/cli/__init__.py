"""boardctl: what technicians live in. One verb per file; speaks only the socket protocols."""
