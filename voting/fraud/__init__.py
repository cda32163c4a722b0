"""Fraud control as pure computation on data: it finds the rings and spares the crowds. No I/O, no clock, no dice."""
