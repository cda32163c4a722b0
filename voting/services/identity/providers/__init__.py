"""Providers of identities: one module for each channel through which voters get a credential by themselves."""
