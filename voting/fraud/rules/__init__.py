"""Rules without fitted parameters: task lists, shared targets and haste."""
