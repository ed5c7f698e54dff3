"""The network in tables, every number counted in the live modules: summary, table and cost."""
