"""Programs that check receipts, proofs, logs and bundles: files for everyone, written from SPEC.md alone.

Nothing in `voting` imports them and they import nothing of it; what needs their bytes reads them as package data.
"""
