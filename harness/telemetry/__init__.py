"""Floor 2: the event catalogue, four channels, correlation, redaction at one choke point, sinks and histograms."""
