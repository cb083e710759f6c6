"""Timings of what takes long, each beside the plain way to do it."""
