"""The journal as bytes: canonical lines, the chain over a run, the spine over all runs, salted blobs, verification.

Pure: nothing here reads a clock, a file or a store.
"""
