"""Floor 3: the CDP client: envelopes, protocol without I/O, transport, connection, sessions, browsers, reconnects."""
