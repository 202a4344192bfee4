"""The clients that `scripts/bench cdp` compares: one module a library, each started in a process of its own.

They run in two environments (ours, and the bench-only one of the peers), so `measure` needs nothing but the standard library.
"""
