"""The training of a GoogLeNet, from the first step to the last checkpoint."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NoReturn

import minicnn as mc
from googlenet.commandline import say
from googlenet.data.augmentation import Augmentation
from googlenet.data.dataset import ImageDataset
from googlenet.evaluation import count_right, evaluate
from googlenet.model import GoogLeNet, GoogLeNetOutput, loss
from googlenet.presets import find_preset
from googlenet.report.lines import epoch_line, stuck
from googlenet.report.metrics import COLUMNS, Row
from googlenet.training.folder import Owner, write_report
from googlenet.training.interrupt import Interrupt, Interrupted
from googlenet.training.nonfinite import first_non_finite_layer
from googlenet.training.options import Options
from googlenet.training.run_data import RunData, data_of, prepare
from googlenet.training.state import BEST, CHECKPOINT, restore_state, save_state
from googlenet.training.warm_start import freeze, keep_frozen_in_evaluation
from googlenet.weights import save_model
from minicnn import backend, optim, rng
from minicnn.backend import Array
from minicnn.data import DataLoader
from minicnn.optim import lr_scheduler

STEPS_UNREAD_ON_GPU = 10  # so many steps are sent to a GPU before the CPU asks what came of them
NO_LAYER = "none, only the loss itself"


class TrainingStopped(Exception):
    """Training cannot go on; the message says why, and what is saved."""


@dataclass
class Progress:
    """Where a run is: `step` steps of epoch number `epoch` (from 0) are done; `sums` adds up this epoch's so far."""

    epoch: int = 0
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)  # one for each epoch that is done
    best: float = -1.0  # the best test accuracy so far

    def add(self, **amounts: float) -> None:
        for name, amount in amounts.items():
            self.sums[name] = self.sums.get(name, 0.0) + amount

    def check(self, steps: int) -> None:
        """ValueError for what no run with so many steps an epoch can have written."""
        kinds: dict[str, Any] = {"epoch": int, "step": int, "sums": dict, "rows": list, "best": (int, float)}
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                raise ValueError(f"{name} is {getattr(self, name)!r:.80}")
        if not (0 <= self.epoch == len(self.rows) and 0 <= self.step <= steps):
            raise ValueError(
                f"{self.epoch} epochs and {self.step} of {steps} steps are done, with {len(self.rows)} rows"
            )
        if not all(isinstance(row, dict) and set(row) == set(COLUMNS) for row in self.rows):
            raise ValueError(f"a row does not have the columns {', '.join(COLUMNS)}")
        if self.step and (missing := {"lr", "images", "right", "seconds", "total", "main"} - set(self.sums)):
            raise ValueError(f"{', '.join(sorted(missing))} missing in the sums")


@dataclass
class Step:
    """What one step of the optimizer leaves behind: numbers that may not be computed yet, on the device."""

    number: int  # in its epoch, from 1
    images: int
    results: dict[str, Array]  # total, main, aux1, aux2: losses; right: how many images


class Trainer:
    """One run: the network, its optimizer, the data, and how far it is. `run` trains to the end."""

    def __init__(self, options: Options, folder: Path, data: RunData | None = None) -> None:
        """data: those that the options name, checked before; where not given, they are taken as they are."""
        self.options, self.folder, self.progress = options, folder, Progress()
        self.owner: Owner | None = None  # who keeps other processes out of the folder, once it is made
        self.saved_at: tuple[int, int] | None = None  # epoch and step of the last checkpoint
        self.unread: list[Step] = []  # the last steps, whose results nobody has looked at yet
        backend.use(options.device)
        mc.manual_seed(options.seed)
        self.data = data or prepare(options, data_of(options), {}, {})
        images, preprocessing = self.data.images, self.data.preprocessing
        self.classes = images.classes
        augmentation = Augmentation.of(images.kind) if options.augment else None
        train_set = ImageDataset(images.train, preprocessing, augmentation, options.limit_train)
        test_set = ImageDataset(images.val, preprocessing, limit=options.limit_test)
        self.train_loader = DataLoader(train_set, options.batch_size, shuffle=True, num_workers=1, seed=options.seed)
        self.test_loader = DataLoader(test_set, options.batch_size)
        if find_preset(options.preset).batch_norm and 1 in (options.batch_size, len(train_set) % options.batch_size):
            raise ValueError("--batch-size: a batch of one image would be left over, which batch norm cannot normalize")
        self.model = GoogLeNet(
            len(self.classes), options.preset, in_channels=options.channels, aux_heads=options.aux_heads
        ).to(options.device)
        if options.freeze:
            freeze(self.model, options.freeze)
        self.optimizer = make_optimizer(options, self.model)
        self.schedule = make_schedule(options, self.optimizer, len(self.train_loader))

    def run(self, interrupt: Interrupt) -> None:
        """Train until all epochs are done. Raises Interrupted after Ctrl-C, TrainingStopped where it cannot go on."""
        if not (self.folder / CHECKPOINT).exists():
            with interrupt.saving():
                self.save()  # before the first step: whatever happens from now on, --resume goes on
            if interrupt.asked:
                raise Interrupted("stopped before the first step")
        while self.progress.epoch < self.options.epochs:
            row = self._epoch(interrupt)
            improved = row["test_accuracy"] > self.progress.best
            self.progress.best = max(self.progress.best, row["test_accuracy"])
            self.progress.rows.append(row)
            self.progress.epoch, self.progress.step, self.progress.sums = self.progress.epoch + 1, 0, {}
            with interrupt.saving():
                if improved:
                    self.save_best(row)
                self.save()
                write_report(self.folder, self.progress.rows, len(self.classes))
            say(epoch_line(row, self.options.epochs))
            for warning in stuck(row, len(self.classes), self.options.preset):
                say(warning, error=True)
            if interrupt.asked and self.progress.epoch < self.options.epochs:
                raise Interrupted(f"stopped after epoch {self.progress.epoch}")

    def save(self) -> None:
        """Write the checkpoint from which `resume` goes on."""
        save_state(self.folder, self.model, self.optimizer, {"options": asdict(self.options), **asdict(self.progress)})
        self.saved_at = self.progress.epoch, self.progress.step

    def save_best(self, row: Row) -> None:
        """Write best.safetensors, from which `predict` and `evaluate` know all they need."""
        data = self.data.record(self.options)
        save_model(
            self.folder / BEST, self.model, self.options, row, self.classes, self.data.preprocessing, data
        )  # fmt: skip

    def check_weights(self) -> None:
        """Raise TrainingStopped rather than keep weights that are not finite."""
        for name, parameter in self.model.named_parameters():
            if not bool(backend.module_of(parameter.data).isfinite(parameter.data).all()):
                p = self.progress
                raise TrainingStopped(
                    f"{name} is not finite after step {p.step} of epoch {p.epoch + 1}. Try a smaller --lr. "
                    + self.what_is_kept()
                )

    def resume(self, arrays: Any, training: dict[str, Any]) -> None:
        """Go on where a checkpoint was written."""
        progress = Progress(**{field.name: training[field.name] for field in fields(Progress)})
        progress.check(len(self.train_loader))
        restore_state(arrays, training, self.model, self.optimizer)
        self.progress, self.saved_at = progress, (progress.epoch, progress.step)

    def next_lr(self) -> float:
        """The learning rate of the step that comes next."""
        self.schedule.last_epoch = self.progress.epoch * len(self.train_loader) + self.progress.step - 1
        self.schedule.step()
        return self.schedule.get_last_lr()[0]

    def what_becomes_of_the_lr(self) -> str:
        """A line where the schedule, over another number of epochs than before, jumps."""
        p, o = self.progress, self.options
        before = p.sums["lr"] if p.step else p.rows[-1]["lr"] if p.rows else None
        after = self.next_lr()
        if before is None or o.schedule not in ("cosine", "poly"):
            return ""
        way = "up" if after > before else "down"
        return f"the learning rate goes {way} from {before:.2g} to {after:.2g}: {o.schedule} over {o.epochs} epochs"

    def _epoch(self, interrupt: Interrupt) -> Row:
        """What is left of the epoch, and its row for metrics.csv."""
        from tqdm import tqdm

        p, images = self.progress, len(self.train_loader.dataset)
        done = min(p.step * self.options.batch_size, images)
        head = f"{p.epoch + 1:>3}/{self.options.epochs}"
        self.model.train()
        if self.options.freeze:
            keep_frozen_in_evaluation(self.model, self.options.freeze)
        interrupt.doing = f"finishing step {p.step + 1}, saving"
        with tqdm(
            total=images, initial=done, desc=head, unit=" images", leave=False, dynamic_ncols=True, disable=None
        ) as bar:
            for x, targets in backend.uploaded(self.train_loader.batches(p.epoch, start=p.step), self.options.device):
                start = time.perf_counter()
                self._step(x, targets)
                if p.step % self.read_every == 0 or p.step == len(self.train_loader):
                    bar.set_postfix_str(f"loss {self._read():.3f}", refresh=False)
                p.add(seconds=time.perf_counter() - start)
                bar.update(len(x))
                if interrupt.asked:
                    self._stop(interrupt)
                interrupt.doing = f"finishing step {p.step + 1}, saving"
        interrupt.doing = "leaving the evaluation, saving"  # --resume, with no step left of the epoch, does it again
        self.check_weights()

        def before_batch() -> None:
            if interrupt.asked:
                self._stop(interrupt)

        result = evaluate(self.model, self.test_loader, self.options.device, before_batch)
        return self._row(result.top1)

    def _stop(self, interrupt: Interrupt) -> NoReturn:
        """Save, and raise Interrupted."""
        if self.unread:
            self._read()
        self.check_weights()
        with interrupt.saving():
            self.save()
        raise Interrupted(f"stopped after step {self.progress.step} of epoch {self.progress.epoch + 1}")

    @property
    def read_every(self) -> int:
        """After how many steps their losses are read. Reading waits for a GPU, which would be idle for a moment."""
        return 1 if self.options.device == "cpu" else STEPS_UNREAD_ON_GPU

    def _step(self, x: Array, targets: Array) -> None:
        """One step of the optimizer on one batch; its results are left in `unread`."""
        p, before = self.progress, rng.get_state()
        lr = self.next_lr()
        output: GoogLeNetOutput = self.model(mc.Tensor(x))
        parts = loss(output, targets)
        if self.read_every == 1 and not math.isfinite(value := float(parts.total)):
            rng.set_state(before)  # the same dropout masks again
            layer = first_non_finite_layer(self.model, mc.Tensor(x))
            raise self._not_finite(
                value, p.step + 1, f"the first layer whose output is not finite: {layer or NO_LAYER}"
            )
        parts.total.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        p.step += 1
        p.sums["lr"] = lr
        losses = {name: part.data for name, part in zip(parts._fields, parts, strict=True) if part is not None}
        self.unread.append(Step(p.step, len(x), {**losses, "right": count_right(output.logits, targets)}))

    def _read(self) -> float:
        """Add the results of the last steps to the epoch's sums; returns the last loss.

        Raises TrainingStopped for a loss that is not finite.
        """
        steps, self.unread = self.unread, []
        for step in steps:
            values = {name: float(value) for name, value in step.results.items()}
            value, right = values["total"], values.pop("right")
            if not math.isfinite(value):
                where = f"losses are read every {self.read_every} steps on a GPU, too late to tell the layer"
                raise self._not_finite(value, step.number, f"{where} (--device cpu can)")
            self.progress.add(images=step.images, right=right, **{n: v * step.images for n, v in values.items()})
        return value

    def _not_finite(self, value: float, step: int, where: str) -> TrainingStopped:
        return TrainingStopped(
            f"the loss is {value} in step {step} of epoch {self.progress.epoch + 1}; {where}. Try a smaller --lr. "
            + self.what_is_kept()
        )

    def _row(self, test_accuracy: float) -> Row:
        sums = self.progress.sums
        mean = {
            name: sums[name] / sums["images"] if name in sums else None for name in ("total", "main", "aux1", "aux2")
        }
        return {
            "epoch": self.progress.epoch + 1,
            "lr": sums["lr"],
            "train_loss": mean["total"],
            "loss_main": mean["main"],
            "loss_aux1": mean["aux1"],
            "loss_aux2": mean["aux2"],
            "train_accuracy": sums["right"] / sums["images"],
            "test_accuracy": test_accuracy,
            "images_per_second": sums["images"] / sums["seconds"],
            "seconds": sums["seconds"],
        }

    def what_is_kept(self) -> str:
        checkpoint = self.folder / CHECKPOINT
        if self.saved_at is None:
            return "No checkpoint was written yet"
        if self.saved_at == (0, 0):
            return f"The only checkpoint, {checkpoint}, is from before the first step"
        return f"The last good checkpoint is {checkpoint}"


def make_optimizer(options: Options, model: GoogLeNet) -> optim.Optimizer:
    """The optimizer that the options name."""
    if options.optimizer == "sgd":
        return optim.SGD(
            model.parameters(), options.lr, momentum=options.momentum, weight_decay=options.weight_decay
        )  # fmt: skip
    kind = {"adam": optim.Adam, "adamw": optim.AdamW}[options.optimizer]
    return kind(model.parameters(), options.lr, weight_decay=options.weight_decay)


def make_schedule(options: Options, optimizer: optim.Optimizer, steps: int) -> lr_scheduler.LRScheduler:
    """The learning rate for every step: a linear warm-up, then the schedule that the options name.

    steps: how many an epoch has.
    """
    warmup = round(options.warmup * steps)
    rest = max(1, options.epochs * steps - warmup)
    main: lr_scheduler.LRScheduler = {
        "cosine": lambda: lr_scheduler.CosineAnnealingLR(optimizer, T_max=rest),
        "step": lambda: lr_scheduler.StepLR(optimizer, step_size=8 * steps, gamma=0.96),
        "poly": lambda: lr_scheduler.PolynomialLR(optimizer, total_iters=rest, power=0.5),
        "constant": lambda: lr_scheduler.MultiStepLR(optimizer, milestones=[]),
    }[options.schedule]()
    if warmup == 0:
        return main
    climb = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    return lr_scheduler.SequentialLR(optimizer, [climb, main], milestones=[warmup])
