"""The built-in site: what a burn-in drives when no other site is named.

It runs as a process of its own (`python -m harness.demo_site`), on loopback only, and is told apart from the harness
on purpose: what the site recorded (`ledger`) is a second, independent account of what the workers did.

- `process`: starts and stops it; this is all that the rest of the harness needs.
- `shop`: a small HTML shop, for recorded paths.   `cabinet`: a canvas application that only coordinates and a paste
  can drive.
- `clipboard_lab`: shows the digest of what was pasted, never the text.
- `misbehaviour`: slow pages, errors, silence, dialogs, crashes, by rule.
"""
