"""The exercise gem_pooling."""
