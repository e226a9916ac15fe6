"""The scheduler: contacts, IVR, queues, agents, recordings, records. Reaches boards only through `boardd.api`."""
