"""Who may try to reconnect, and when: decisions without I/O, driven by a given time and a given chance.

One worker at a time probes an endpoint that was lost; when a probe succeeds, those who wait are released one by one. The
same objects run in the product (`harness.cdp.reconnect_coordinator`) and in the simulation beside them.
"""
