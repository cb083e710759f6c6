"""Segment electricity customers, explain the segments, publish the result."""
