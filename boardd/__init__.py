"""Driver daemon, hosts and scheduler for small call centres on telephony boards."""
