"""The dashboard: pages on the results of the simulator; no model code."""
