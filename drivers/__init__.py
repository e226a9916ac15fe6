"""Card drivers: one package per maker's family, found by the entry-point group `boardd.drivers`."""
