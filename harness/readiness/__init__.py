"""Floor 6: judging a run: thresholds, criteria (one file each), the verdict, and its reports.

A verdict comes from the run folder alone; nothing here knows of browsers, locks or pages.
"""
