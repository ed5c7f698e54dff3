"""The training of a GoogLeNet, from the first step to the last checkpoint."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

import minicnn as mc
from googlenet.commandline import say
from googlenet.data.dataset import ImageDataset
from googlenet.evaluation import Predictions, count_right, predictions
from googlenet.model import GoogLeNet, GoogLeNetOutput, loss
from googlenet.presets import find_preset
from googlenet.report.lines import epoch_line, stuck
from googlenet.report.metrics import Row, average_is_better, best_accuracy
from googlenet.report.tensorboard import Events
from googlenet.training.averaging import STATISTICS_IMAGES, averaged, make_average, take_in
from googlenet.training.folder import Owner, write_report
from googlenet.training.interrupt import Interrupt, Interrupted
from googlenet.training.nonfinite import first_non_finite_layer
from googlenet.training.optimization import make_optimizer, make_schedule, take_step
from googlenet.training.options import Options
from googlenet.training.probe import Probe
from googlenet.training.progress import Progress, stopped_early
from googlenet.training.run_data import RunData, augmentation_of, data_of, prepare, readable
from googlenet.training.run_page import write_run_page
from googlenet.training.state import BEST, CHECKPOINT, restore_state, save_state
from googlenet.training.warm_start import freeze, keep_frozen_in_evaluation
from googlenet.weights import save_model
from minicnn import backend, rng
from minicnn.backend import Array
from minicnn.data import DataLoader, SampleError

STEPS_UNREAD_ON_GPU = 10  # so many steps are sent to a GPU before the CPU asks what came of them
STEPS_TO_BEGIN = 100  # before so many, every network guesses; an epoch of a few photos has less
NO_LAYER = "none, only the loss itself"


class TrainingStopped(Exception):
    """Training cannot go on; the message says why, and what is saved."""


class LeaveEvaluation(Exception):
    """Ctrl-C, while the images are evaluated: perhaps with averaged weights, which must not be saved as the run's."""


@dataclass
class Batch:
    """What one batch leaves behind: numbers that may not be computed yet, on the device."""

    step: int  # of the optimizer, in its epoch, from 1
    images: int
    results: dict[str, Array]  # total, main, aux1, aux2: losses; right: how many images


class Trainer:
    """One run: the network, its optimizer, the data, and how far it is. `run` trains to the end."""

    def __init__(self, options: Options, folder: Path, data: RunData | None = None) -> None:
        """data: those that the options name, checked before; where not given, they are taken as they are."""
        self.options, self.folder, self.progress = options, folder, Progress()
        self.owner: Owner | None = None  # who keeps other processes out of the folder, once it is made
        self.saved_at: tuple[int, int] | None = None  # epoch and step of the last checkpoint
        self.unread: list[Batch] = []  # the last batches, whose results nobody has looked at yet
        self.waiting = 0  # images whose gradient waits for those of other batches (--accumulate)
        self.predictions: Predictions | None = None  # those of the last epoch, for the test images
        self.events: Events | None = None  # with --tensorboard
        backend.use(options.device)
        self.data = data or prepare(options, *readable(options, data_of(options)))
        # Not before: to read the weights of --init draws random numbers, too.
        mc.manual_seed(options.seed)
        images, preprocessing = self.data.images, self.data.preprocessing
        self.classes = images.classes
        augmentation = augmentation_of(options, images)
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
        self.average = make_average(options, self.model)
        self.steps = math.ceil(len(self.train_loader) / options.accumulate)  # of the optimizer, in an epoch
        self.schedule = make_schedule(options, self.optimizer, self.steps)
        self.probe = Probe(self.model, len(self.train_loader), options.batch_size, options.label_smoothing)

    def run(self, interrupt: Interrupt) -> None:
        """Train until all epochs are done. Raises Interrupted after Ctrl-C, TrainingStopped where it cannot go on."""
        if self.options.tensorboard:
            p = self.progress
            self.events = Events(self.folder, p.epoch * len(self.train_loader) + p.step * self.options.accumulate)
        if not (self.folder / CHECKPOINT).exists():
            with interrupt.saving():
                self.save()  # before the first step: whatever happens from now on, --resume goes on
            if interrupt.asked:
                raise Interrupted("stopped before the first step")
        while not self.is_complete():
            try:
                self._train(interrupt)
                row = self._evaluate(interrupt)
            except SampleError:  # an image has vanished since it was checked
                if self.waiting == 0:
                    self._keep(interrupt)
                raise
            improved = best_accuracy(row) > self.progress.best
            self.progress.best = max(self.progress.best, best_accuracy(row))
            self.progress.rows.append(row)
            self.progress.epoch, self.progress.step, self.progress.sums = self.progress.epoch + 1, 0, {}
            with interrupt.saving():
                if improved:
                    self.save_best(row)
                if self.events:
                    self.events.epoch(row)
                self.save()
                self.report()
            say(epoch_line(row, self.options.epochs, self.average is not None))
            if self.progress.epoch * self.steps >= STEPS_TO_BEGIN:
                for warning in stuck(row, len(self.classes), self.options.preset):
                    say(warning, error=True)
            if interrupt.asked and not self.is_complete():
                raise Interrupted(f"stopped after epoch {self.progress.epoch}")

    def is_complete(self) -> bool:
        """Whether all epochs are done, or --early-stop asks for no more of them."""
        p, o = self.progress, self.options
        return p.epoch >= o.epochs or stopped_early(p.rows, o.early_stop)

    def report(self) -> None:
        """Write metrics.csv, curves.png and report.html."""
        write_report(self.folder, self.progress.rows, len(self.classes))
        if self.predictions is None:  # the process has not evaluated anything yet
            self.predictions = predictions(self.model, self.test_loader, self.options.device)
        write_run_page(self, self.predictions)

    def save(self) -> None:
        """Write the checkpoint from which `resume` goes on."""
        if self.events:
            self.events.flush()
        progress = {"options": asdict(self.options), "data": self.data.digest, **asdict(self.progress)}
        save_state(self.folder, self.model, self.optimizer, progress, self.average)
        self.saved_at = self.progress.epoch, self.progress.step

    def save_best(self, row: Row) -> None:
        """Write best.safetensors, from which `predict` and `evaluate` know all they need.

        The weights are those that the epoch has ended with, or their average where that is better.
        """
        with self.averaged(row["epoch"]) if average_is_better(row) else nullcontext():
            data = self.data.origin(self.options)
            save_model(
                self.folder / BEST, self.model, self.options, row, self.classes, self.data.preprocessing, data
            )  # fmt: skip

    def averaged(self, epoch: int, interrupt: Interrupt | None = None) -> AbstractContextManager[None]:
        """Inside, the network has the averaged weights, with the statistics of images of that epoch (from 1)."""
        assert self.average is not None
        batches = itertools.islice(
            self.train_loader.batches(epoch - 1), math.ceil(STATISTICS_IMAGES / self.options.batch_size)
        )
        return averaged(self.model, self.average, backend.uploaded(_until(batches, interrupt), self.options.device))

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
        progress.check(self.steps)
        restore_state(arrays, training, self.model, self.optimizer, self.average)
        self.progress, self.saved_at = progress, (progress.epoch, progress.step)

    def next_lr(self) -> float:
        """The learning rate of the step that comes next."""
        self.schedule.last_epoch = self.progress.epoch * self.steps + self.progress.step - 1
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

    def _train(self, interrupt: Interrupt) -> None:
        """What is left of the epoch: all its steps."""
        from tqdm import tqdm

        p, o, images = self.progress, self.options, len(self.train_loader.dataset)
        first = min(p.step * o.accumulate, len(self.train_loader))  # the last step may have fewer batches
        done = min(first * o.batch_size, images)
        head = f"{p.epoch + 1:>3}/{o.epochs}"
        self.model.train()
        if self.options.freeze:
            keep_frozen_in_evaluation(self.model, self.options.freeze)
        interrupt.doing = f"finishing step {p.step + 1}, saving"
        with tqdm(
            total=images, initial=done, desc=head, unit=" images", leave=False, dynamic_ncols=True, disable=None
        ) as bar:
            batches = backend.uploaded(self.train_loader.batches(p.epoch, start=first), o.device)
            for number, (x, targets) in enumerate(batches, first):
                self.probe.before_batch(p.epoch, number, x, targets, p.inside)
                start = time.perf_counter()
                self._step(x, targets)
                if self.waiting == 0 and (p.step % self.read_every == 0 or p.step == self.steps):
                    bar.set_postfix_str(f"loss {self._read():.3f}", refresh=False)
                p.add(seconds=time.perf_counter() - start)
                bar.update(len(x))
                if interrupt.asked and self.waiting == 0:
                    self._stop(interrupt)
                interrupt.doing = f"finishing step {p.step + 1}, saving"
        self.check_weights()

    def _evaluate(self, interrupt: Interrupt) -> Row:
        """The epoch's row for metrics.csv, with the accuracy of the weights and of their average, if there is one.

        After Ctrl-C it is not finished: --resume, with no step left of the epoch, does it again.
        """
        p, o = self.progress, self.options
        interrupt.doing = "leaving the evaluation, saving"

        def before_batch() -> None:
            if interrupt.asked:
                raise LeaveEvaluation

        try:
            self.predictions = predictions(self.model, self.test_loader, o.device, before_batch)
            result = self.predictions.evaluation()
            if self.average is None or self.average.n_averaged == 0:
                return p.row(result.top1)
            with self.averaged(p.epoch + 1, interrupt):
                average = predictions(self.model, self.test_loader, o.device, before_batch).evaluation()
                return p.row(result.top1, average.top1)
        except LeaveEvaluation:
            self._stop(interrupt)

    def _keep(self, interrupt: Interrupt) -> None:
        """Save the steps of an epoch that is not done."""
        if self.unread:
            self._read()
        self.check_weights()
        with interrupt.saving():
            self.save()

    def _stop(self, interrupt: Interrupt) -> NoReturn:
        """Save, and raise Interrupted."""
        self._keep(interrupt)
        raise Interrupted(f"stopped after step {self.progress.step} of epoch {self.progress.epoch + 1}")

    @property
    def read_every(self) -> int:
        """After how many steps their losses are read. Reading waits for a GPU, which would be idle for a moment."""
        return 1 if self.options.device == "cpu" else STEPS_UNREAD_ON_GPU

    def _step(self, x: Array, targets: Array) -> None:
        """The gradient of one batch and, behind the last of --accumulate batches, a step of the optimizer.

        Its results are left in `unread`: the plain losses, also where the labels are smoothed for the gradient, so that
        runs can be compared.
        """
        p, o, before = self.progress, self.options, rng.get_state()
        lr = self.next_lr()
        output: GoogLeNetOutput = self.model(mc.Tensor(x))
        parts = loss(output, targets)
        if self.read_every == 1 and not math.isfinite(value := float(parts.total)):
            rng.set_state(before)  # the same dropout masks again
            layer = first_non_finite_layer(self.model, mc.Tensor(x))
            raise self._not_finite(
                value, p.step + 1, f"the first layer whose output is not finite: {layer or NO_LAYER}"
            )
        learned = loss(output, targets, label_smoothing=o.label_smoothing) if o.label_smoothing else parts
        size = o.batch_size * o.accumulate
        images = min(size, len(self.train_loader.dataset) - p.step * size)  # of the whole step
        total = learned.total if len(x) == images else learned.total * (len(x) / images)
        total.backward()
        self.waiting += len(x)
        number = p.step + 1
        if self.waiting == images:
            take_step(self.optimizer, self.model, o.clip_norm)
            self.waiting = 0
            p.step += 1
            p.sums["lr"] = lr
            if self.average is not None:
                take_in(self.average, o.average, p.epoch * self.steps + p.step, o.epochs * self.steps)
        losses = {name: part.data for name, part in zip(parts._fields, parts, strict=True) if part is not None}
        self.unread.append(Batch(number, len(x), {**losses, "right": count_right(output.logits, targets)}))

    def _read(self) -> float:
        """Add the results of the last batches to the epoch's sums; returns the last loss.

        Raises TrainingStopped for a loss that is not finite.
        """
        batches, self.unread = self.unread, []
        for batch in batches:
            values = {name: float(value) for name, value in batch.results.items()}
            value, right = values["total"], values.pop("right")
            if not math.isfinite(value):
                where = f"losses are read every {self.read_every} steps on a GPU, too late to tell the layer"
                raise self._not_finite(value, batch.step, f"{where} (--device cpu can)")
            self.progress.add(images=batch.images, right=right, **{n: v * batch.images for n, v in values.items()})
            if self.events:
                self.events.batch(values)
        return value

    def _not_finite(self, value: float, step: int, where: str) -> TrainingStopped:
        return TrainingStopped(
            f"the loss is {value} in step {step} of epoch {self.progress.epoch + 1}; {where}. Try a smaller --lr. "
            + self.what_is_kept()
        )

    def what_is_kept(self) -> str:
        checkpoint = self.folder / CHECKPOINT
        if self.saved_at is None:
            return "No checkpoint was written yet"
        if self.saved_at == (0, 0):
            return f"The only checkpoint, {checkpoint}, is from before the first step"
        return f"The last good checkpoint is {checkpoint}"


def _until(batches: Iterator[Any], interrupt: Interrupt | None) -> Iterator[Any]:
    """The batches; LeaveEvaluation in place of the next where Ctrl-C was pressed."""
    for batch in batches:
        if interrupt is not None and interrupt.asked:
            raise LeaveEvaluation
        yield batch
