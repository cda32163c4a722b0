"""A stand-in for WeChat's servers: the documented wire format, made-up people, and faults on demand.

It proves how the service speaks HTTP with WeChat, not what WeChat decides about accounts.
"""
