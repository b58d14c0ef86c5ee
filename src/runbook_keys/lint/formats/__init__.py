"""Findings for people, for programs, for code scanning and for code hosts. Plain functions over the same findings."""
