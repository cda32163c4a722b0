"""The results as a workbook that computes them again: votes and marks as numbers, everything else as formulas."""
