"""Images to train on and to test with, and what happens to them before the network."""

from googlenet.data.digits_dataset import DigitsDataset
from googlenet.data.folder import ImageFolder

__all__ = ["DigitsDataset", "ImageFolder"]
