"""Drills: a runbook followed through a real failure, judged by somebody who is not the runbook. Pure but for ports."""
