"""The service under overload: spikes, slow clients, thousands of live boards and connections."""
