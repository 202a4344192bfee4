"""Floor 4: one writer per scope: FIFO locks, leases with fencing epochs, the ownership table, contention figures."""
