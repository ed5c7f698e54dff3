"""GoogLeNet on minicnn, measured side by side with PyTorch: `python -m benchmarks`."""
