"""The exercises: write the backward pass of everything that GoogLeNet needs, inside a library that works all along."""
