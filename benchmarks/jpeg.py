"""The side that reads JPEG files as training on ImageNet would: decode, random crop, flip, normalize, batch."""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.gauges import Side, peak_bytes, resident_bytes, timed

WIDTH, HEIGHT, QUALITY = 500, 375, 90  # usual for ImageNet; with `photograph`, about 90 KB a file
CLASSES = 4


def side(settings: dict[str, Any]) -> Side:
    """One call of `reading` is an epoch over new files. They lie in the folder for temporary files, which the parent
    sets and removes (measure.py)."""
    import numpy as np

    from googlenet.data import ImageFolder
    from minicnn.data import DataLoader

    after_imports = resident_bytes()
    batch_size, threads = settings["batch_size"], settings["threads"]
    root = Path(tempfile.mkdtemp())
    files = 2 * batch_size * threads  # two batches for every worker
    write_files(root, files)
    dataset = ImageFolder(root, size=settings["size"], augment=True)
    loader = DataLoader(dataset, batch_size, shuffle=True, num_workers=threads, seed=0)

    def reading() -> None:
        """From the first file to the last: a new iterator has nothing prepared."""
        images = sum(len(x) for x, _ in loader)
        assert images == files, f"read {images} of {files} files"

    return Side({"reading": timed(reading, work=files)}, {"NumPy": np.__version__}, after_imports, peak_bytes)


def write_files(root: Path, count: int) -> None:
    """`count` JPEG files in CLASSES folders."""
    import numpy as np
    from PIL import Image

    for number in range(count):
        folder = root / f"class{number % CLASSES}"
        folder.mkdir(exist_ok=True)
        image = Image.fromarray(photograph(np.random.default_rng(number)))
        image.save(folder / f"{number}.jpg", quality=QUALITY)


def photograph(rng: Any) -> Any:
    """Random colors (HEIGHT, WIDTH, 3) uint8 with the spectrum of photographs: the finer the detail, the fainter."""
    import numpy as np
    from PIL import Image

    total = np.full((HEIGHT, WIDTH, 3), 128.0)
    for size in (4, 8, 16, 32, 64, 128, 256, 512):
        noise = rng.integers(0, 256, (size * HEIGHT // WIDTH, size, 3), dtype=np.uint8)
        smooth = Image.fromarray(noise).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        total += (np.asarray(smooth) - 128.0) * 1.2 / np.cbrt(size)
    return np.clip(total, 0, 255).astype(np.uint8)
