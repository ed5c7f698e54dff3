"""The exercise global_avg_pool."""
