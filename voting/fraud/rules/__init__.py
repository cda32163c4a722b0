"""Rules that nothing was fitted for: task lists and shared targets."""
