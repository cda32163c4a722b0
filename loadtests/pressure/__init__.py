"""The service under pressure: a rush, overload, half-sent requests, thousands of boards and connections."""
