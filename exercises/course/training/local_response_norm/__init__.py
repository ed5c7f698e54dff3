"""The exercise local_response_norm."""
