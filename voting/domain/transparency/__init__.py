"""The public log (C2SP tlog-tiles): its leaves, its tree and its signed notes."""
