"""Following a runbook, and what people add to a run later."""
