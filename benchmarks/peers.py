"""GoogLeNet on Chainer and on DeZero, the two libraries of this kind: eager, in NumPy alone, to be read.

Both need a NumPy older than ours, so each is measured in an environment of its own, and compared with what the same
command measures for minicnn and for PyTorch in theirs, some minutes apart. From the root of the repository:

    python3.10 -m venv chainer && chainer/bin/pip install "setuptools<70" wheel numpy==1.23.5 threadpoolctl
    chainer/bin/pip install --no-build-isolation chainer==7.8.1
    python3.10 -m venv dezero && dezero/bin/pip install numpy==1.23.5 threadpoolctl matplotlib dezero==0.0.13

    chainer/bin/python -m benchmarks.peers chainer --kernels SkylakeX
    dezero/bin/python -m benchmarks.peers dezero --kernels SkylakeX
    python -m benchmarks.peers minicnn
    python -m benchmarks.peers torch-channels_last

NumPy 1.23 comes with an OpenBLAS of 2022, which takes its oldest and slowest kernels on a CPU that it does not know
(the second line printed says which). `--kernels` names those to take: here those for AVX-512; `Haswell` is for AVX2.

The network is that of `reference.py` with preset "plain": no LRN, both auxiliary heads in training. What differs:
- Chainer runs on NumPy alone, without iDeep (Intel's kernels for it, last released in 2019).
- DeZero pools in floor mode with zeros around the image. A frame of one pixel gives the same sizes as the ceil mode of
  the others, and the zeros are no larger than what ReLU leaves; the windows lie one pixel further up and left.
- DeZero has no concat; the one below is what a user would write.
"""

import argparse
import os
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks import machine
from benchmarks.gauges import Side, peak_bytes, resident_bytes, timed
from benchmarks.networks import (
    LEARNING_RATE,
    MOMENTUM,
    minicnn_side,
    random_batch,
    torch_channels_last_side,
    torch_nchw_side,
)

CLASSES = 1000

# Table 1: channels in; #1x1; #3x3 reduce, #3x3; #5x5 reduce, #5x5; pool proj.
BLOCKS = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}
POOLS = {"3b": 3, "4e": 2}  # the max pool after a block, with stride 2


def chainer_side(settings: dict[str, Any]) -> Side:
    """GoogLeNet as a user of Chainer writes it. Its pools are in ceil mode unless told otherwise (`cover_all`)."""
    import chainer
    import chainer.functions as F
    import chainer.links as L
    import numpy as np

    class Inception(chainer.Chain):
        def __init__(self, n_in: int, n1: int, n3r: int, n3: int, n5r: int, n5: int, n_pool: int):
            super().__init__()
            with self.init_scope():
                self.one = L.Convolution2D(n_in, n1, 1)
                self.three_reduce, self.three = L.Convolution2D(n_in, n3r, 1), L.Convolution2D(n3r, n3, 3, pad=1)
                self.five_reduce, self.five = L.Convolution2D(n_in, n5r, 1), L.Convolution2D(n5r, n5, 5, pad=2)
                self.project = L.Convolution2D(n_in, n_pool, 1)

        def forward(self, x: Any) -> Any:
            one = F.relu(self.one(x))
            three = F.relu(self.three(F.relu(self.three_reduce(x))))
            five = F.relu(self.five(F.relu(self.five_reduce(x))))
            pool = F.relu(self.project(F.max_pooling_2d(x, 3, stride=1, pad=1)))
            return F.concat((one, three, five, pool), axis=1)

    class Head(chainer.Chain):
        def __init__(self, n_in: int):
            super().__init__()
            with self.init_scope():
                self.conv, self.fc1 = L.Convolution2D(n_in, 128, 1), L.Linear(128 * 4 * 4, 1024)
                self.fc2 = L.Linear(1024, CLASSES)

        def forward(self, x: Any) -> Any:
            x = F.relu(self.conv(F.average_pooling_2d(x, 5, stride=3)))
            return self.fc2(F.dropout(F.relu(self.fc1(x)), 0.7))

    class GoogLeNet(chainer.Chain):
        def __init__(self) -> None:
            super().__init__()
            with self.init_scope():
                self.conv1 = L.Convolution2D(3, 64, 7, stride=2, pad=3)
                self.conv2 = L.Convolution2D(64, 64, 1)
                self.conv3 = L.Convolution2D(64, 192, 3, pad=1)
                for name, channels in BLOCKS.items():
                    setattr(self, name, Inception(*channels))
                self.aux1, self.aux2, self.fc = Head(512), Head(528), L.Linear(1024, CLASSES)

        def forward(self, x: Any) -> tuple[Any, ...]:
            x = F.max_pooling_2d(F.relu(self.conv1(x)), 3, stride=2)
            x = F.max_pooling_2d(F.relu(self.conv3(F.relu(self.conv2(x)))), 3, stride=2)
            heads = {"4a": self.aux1, "4d": self.aux2} if chainer.config.train else {}
            aux = []
            for name in BLOCKS:
                x = self[name](x)
                if name in heads:
                    aux.append(heads[name](x))
                if name in POOLS:
                    x = F.max_pooling_2d(x, POOLS[name], stride=2)
            x = F.average_pooling_2d(x, x.shape[2:])
            return (self.fc(F.dropout(x, 0.4)), *aux)

    after_imports = resident_bytes()
    np.random.seed(0)  # noqa: NPY002 (what Chainer draws its weights from)
    model = GoogLeNet()
    optimizer = chainer.optimizers.MomentumSGD(LEARNING_RATE, MOMENTUM)
    optimizer.setup(model)
    images, labels = random_batch(settings)

    def training() -> float:
        main, aux1, aux2 = (F.softmax_cross_entropy(logits, labels) for logits in model(images))
        total = main + 0.3 * (aux1 + aux2)
        model.cleargrads()
        total.backward()
        optimizer.update()
        return float(total.array)

    def inference() -> object:
        with chainer.using_config("train", False), chainer.no_backprop_mode():
            return model(images)

    parameters = sum(p.size for p in model.params())
    versions = {"Chainer": chainer.__version__, "NumPy": np.__version__, "parameters": f"{parameters:,}"}
    commands = {"training": timed(training, work=len(images)), "inference": timed(inference, work=len(images))}
    return Side(commands, versions, after_imports, peak_bytes)


def dezero_side(settings: dict[str, Any]) -> Side:
    """GoogLeNet as a user of DeZero writes it."""
    import dezero
    import dezero.functions as F
    import dezero.layers as L
    import numpy as np

    class Concat(dezero.Function):
        def forward(self, *xs: Any) -> Any:
            self.ends = np.cumsum([x.shape[1] for x in xs])
            return np.concatenate(xs, axis=1)

        def backward(self, gy: Any) -> Any:
            return tuple(dezero.Variable(part) for part in np.split(gy.data, self.ends[:-1], axis=1))

    def conv(n_in: int, n_out: int, kernel: int, stride: int = 1) -> Any:
        return L.Conv2d(n_out, kernel, stride, kernel // 2, in_channels=n_in)

    class Inception(dezero.Model):
        def __init__(self, n_in: int, n1: int, n3r: int, n3: int, n5r: int, n5: int, n_pool: int):
            super().__init__()
            self.one = conv(n_in, n1, 1)
            self.three_reduce, self.three = conv(n_in, n3r, 1), conv(n3r, n3, 3)
            self.five_reduce, self.five = conv(n_in, n5r, 1), conv(n5r, n5, 5)
            self.project = conv(n_in, n_pool, 1)

        def forward(self, x: Any) -> Any:
            one = F.relu(self.one(x))
            three = F.relu(self.three(F.relu(self.three_reduce(x))))
            five = F.relu(self.five(F.relu(self.five_reduce(x))))
            pool = F.relu(self.project(F.pooling(x, 3, 1, 1)))
            return Concat()(one, three, five, pool)

    class Head(dezero.Model):
        def __init__(self, n_in: int):
            super().__init__()
            self.conv, self.fc1 = conv(n_in, 128, 1), L.Linear(1024, in_size=128 * 4 * 4)
            self.fc2 = L.Linear(CLASSES, in_size=1024)

        def forward(self, x: Any) -> Any:
            x = F.relu(self.conv(F.average_pooling(x, 5, 3)))
            return self.fc2(F.dropout(F.relu(self.fc1(F.flatten(x))), 0.7))

    class GoogLeNet(dezero.Model):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2, self.conv3 = conv(3, 64, 7, 2), conv(64, 64, 1), conv(64, 192, 3)
            for name, channels in BLOCKS.items():
                setattr(self, name, Inception(*channels))
            self.aux1, self.aux2, self.fc = Head(512), Head(528), L.Linear(CLASSES, in_size=1024)

        def forward(self, x: Any) -> tuple[Any, ...]:
            x = F.pooling(F.relu(self.conv1(x)), 3, 2, 1)
            x = F.pooling(F.relu(self.conv3(F.relu(self.conv2(x)))), 3, 2, 1)
            heads = {"4a": self.aux1, "4d": self.aux2} if dezero.Config.train else {}
            aux = []
            for name in BLOCKS:
                x = getattr(self, name)(x)
                if name in heads:
                    aux.append(heads[name](x))
                if name in POOLS:
                    x = F.pooling(x, POOLS[name], 2, POOLS[name] - 2)
            x = F.flatten(F.average_pooling(x, x.shape[2:]))
            return (self.fc(F.dropout(x, 0.4)), *aux)

    after_imports = resident_bytes()
    np.random.seed(0)  # noqa: NPY002 (what DeZero draws its weights from)
    model = GoogLeNet()
    optimizer = dezero.optimizers.MomentumSGD(LEARNING_RATE, MOMENTUM).setup(model)
    images, labels = random_batch(settings)
    labels = labels.astype(np.int16)  # DeZero subtracts them, one-hot, from float32: more bits would make that float64

    def training() -> float:
        main, aux1, aux2 = (F.softmax_cross_entropy(logits, labels) for logits in model(images))
        total = main + 0.3 * (aux1 + aux2)
        model.cleargrads()
        total.backward()
        optimizer.update()
        return float(total.data)

    def inference() -> object:
        with dezero.test_mode(), dezero.no_grad():
            return model(images)

    parameters = sum(p.data.size for p in model.params())
    versions = {"DeZero": dezero.__version__, "NumPy": np.__version__, "parameters": f"{parameters:,}"}
    commands = {"training": timed(training, work=len(images)), "inference": timed(inference, work=len(images))}
    return Side(commands, versions, after_imports, peak_bytes)


LIBRARIES: dict[str, Callable[[dict[str, Any]], Side]] = {
    "chainer": chainer_side,
    "dezero": dezero_side,
    "minicnn": minicnn_side,
    "torch-nchw": torch_nchw_side,
    "torch-channels_last": torch_channels_last_side,
}


def row(side: Side, mode: str, repeats: int) -> str:
    """Measure one mode: two steps to warm up, then `repeats` that count."""
    side.commands[mode](2)
    clocks = machine.clocks()
    answer = side.commands[mode](repeats)
    rates = sorted(answer["work"] / seconds for seconds in answer["seconds"])
    figures = f"{median(rates):10.2f}{f'{rates[0]:.2f} - {rates[-1]:.2f}':>18}"
    return f"{mode:<10}{figures}{machine.taken_by_others(clocks):>17}{side.peak() / 1e6:10.0f}"


def main() -> None:
    """Measure the one library named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__.partition("\n")[0])
    parser.add_argument("library", choices=LIBRARIES)
    parser.add_argument("--kernels", metavar="NAME", help="OpenBLAS's OPENBLAS_CORETYPE (what it finds)")
    parser.add_argument("--batch-size", type=int, default=16, metavar="N", help="images a step (16)")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="steps that count; 2 warm up (5)")
    options = parser.parse_args()
    environment, _ = machine.side_environment(machine.cores())
    os.environ.clear()
    os.environ.update(environment)  # in time: NumPy, and OpenBLAS with it, is not loaded yet
    if options.kernels:
        os.environ["OPENBLAS_CORETYPE"] = options.kernels
    settings = {"batch_size": options.batch_size, "size": 224, "channels": 3, "classes": CLASSES}
    try:
        side = LIBRARIES[options.library](settings | {"preset": "plain", "threads": machine.cores(), "device": "cpu"})
    except ModuleNotFoundError as error:
        parser.exit(2, f"{parser.prog}: error: {error.name} is missing (benchmarks/peers.py tells how to get it)\n")
    print(", ".join(f"{name} {version}" for name, version in side.versions.items()))
    print(f"NumPy's BLAS: {machine.blas_kernels()}; {machine.cores()} threads, {machine.cpu_model()}")
    print(f"GoogLeNet 224x224, batch {options.batch_size}, float32; after imports {side.after_imports / 1e6:.0f} MB")
    print(f"{'':<10}{'images/s':>10}{'min - max':>18}{'other programs':>17}{'peak MB':>10}")
    # Inference first: it needs less memory, so that both peaks can be read in one process.
    print(row(side, "inference", 2 * options.repeats), flush=True)
    print(row(side, "training", options.repeats))


if __name__ == "__main__":
    main()
