"""Reports: notebooks executed, rendered and published whole."""
