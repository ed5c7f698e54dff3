"""The folder of a run: its name, its one owner, the files that belong in it."""

import dataclasses
import errno
import json
import os
import re
import subprocess
import sys
import threading
from contextlib import nullcontext

import pytest

from googlenet.training import folder as run_folder
from googlenet.training.folder import (
    Owner,
    make_folder,
    read_config,
    refuse_another_run_s_config,
    refuse_lost_checkpoint,
    refuse_what_is_no_run,
    remove_if_empty,
    usual_name,
    what_there_is,
    write_config,
)
from googlenet.training.options import SGD_LR, Options

needs_locks = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")

# ---- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "paper-64-seed0"),
        ({"seed": 4, "image_size": 96, "preset": "plain"}, "plain-96-seed4"),
        ({"lr": 0.1}, "paper-64-seed0-lr0.1"),
        ({"lr": 1e-5, "weight_decay": 1e-4}, "paper-64-seed0-lr1e-05-weight-decay0.0001"),
        ({"preset": "batchnorm", "optimizer": "sgd", "lr": SGD_LR, "aux_heads": False},
         "batchnorm-64-seed0-sgd-no-aux-heads"),
        ({"optimizer": "sgd"}, f"paper-64-seed0-lr{Options.lr}-sgd"),  # Adam's learning rate is not sgd's usual one
        ({"epochs": 1, "batch_size": 16, "schedule": "step", "augment": False},
         "paper-64-seed0-epochs1-batch-size16-step-no-augment"),
        ({"limit_train": 500, "limit_test": 20}, "paper-64-seed0-limit-train500-limit-test20"),
        ({"threads": 1, "device": "cuda:1"}, "paper-64-seed0"),
    ],
)  # fmt: skip
def test_a_name_says_what_is_not_the_default(options, name):
    assert usual_name(Options(**options)) == name


def test_every_option_that_changes_the_result_changes_the_name():
    other = {"schedule": "poly", "optimizer": "sgd", "preset": "plain", "aux_heads": False, "augment": False,
             "data": "photos", "val_share": 0.5, "strict": True,
             "channels": 3, "mean_std": "none", "init": "a/b.safetensors", "freeze": "3a", "recipe": "caffe",
             "bias_rules": True, "average": "ema", "label_smoothing": 0.1, "accumulate": 2}  # fmt: skip
    names = [usual_name(Options())]
    for field in dataclasses.fields(Options):
        if field.name not in ("threads", "device", "data_root", "tensorboard"):
            value = other.get(field.name, 48 if field.name == "image_size" else 1)
            names.append(usual_name(Options(**{field.name: value})))
    assert len(set(names)) == len(names) == len(dataclasses.fields(Options)) - 3
    assert all(re.fullmatch(r"[a-z0-9.-]+", name) for name in names)


def test_folders_get_numbers_where_no_name_is_given(tmp_path):
    for name in ["paper-64-seed4", "paper-64-seed4-2", "paper-64-seed4-3"]:
        assert make_folder(tmp_path / "runs", None, Options(seed=4)) == tmp_path / "runs" / name
    assert make_folder(tmp_path / "runs", "mine", Options()) == tmp_path / "runs" / "mine"
    assert sorted(path.name for path in (tmp_path / "runs").iterdir())[:2] == ["mine", "paper-64-seed4"]


def test_of_many_at_once_each_gets_a_folder_of_its_own(tmp_path):
    together, made = threading.Barrier(8), []

    def run():
        together.wait()
        for _ in range(4):
            made.append(make_folder(tmp_path, None, Options()))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == len(made) == 32
    assert all(folder.is_dir() for folder in made)


def test_a_folder_that_another_makes_at_the_same_moment_is_not_shared(tmp_path, monkeypatch):
    """Between the question whether it is there, if one asked, and the making of it."""
    mkdir = run_folder.Path.mkdir

    def another_is_quicker(self, *arguments, **options):
        if self.name == "paper-64-seed0":
            mkdir(self)
        mkdir(self, *arguments, **options)

    monkeypatch.setattr(run_folder.Path, "mkdir", another_is_quicker)
    assert make_folder(tmp_path, None, Options()) == tmp_path / "paper-64-seed0-2"


def test_a_name_that_is_taken(tmp_path):
    folder = make_folder(tmp_path, "mine", Options())
    with pytest.raises(ValueError, match=r"--name: .*mine exists\. Choose another, or remove it"):
        make_folder(tmp_path, "mine", Options())
    write_config(folder, Options())
    with pytest.raises(ValueError, match=re.escape(f"or go on with it: --resume {folder}")):
        make_folder(tmp_path, "mine", Options())


def test_a_name_that_no_file_system_takes(tmp_path):
    with pytest.raises(OSError, match="--output: cannot make the folder .*: File name too long"):
        make_folder(tmp_path, "x" * 300, Options())


def test_what_was_made_for_nothing_goes(tmp_path):
    for name, files in (("empty", []), ("full", ["config.json"])):
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).touch()
        remove_if_empty(tmp_path / name)
        assert (tmp_path / name).exists() == (name == "full")


# ---- one owner ----------------------------------------------------------------------------------------------------


@needs_locks
def test_a_folder_has_one_owner(tmp_path):
    with Owner(tmp_path) as owner:
        assert owner.alone
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
        with pytest.raises(ValueError, match=rf"{tmp_path.name} belongs to .* going on \(process {os.getpid()}\)"):
            Owner(tmp_path)
        assert (tmp_path / "lock").exists()  # the one who was refused has taken nothing with him
    assert list(tmp_path.iterdir()) == []
    with Owner(tmp_path):
        pass


@needs_locks
def test_another_process_is_refused_and_a_killed_one_leaves_the_folder_free(tmp_path):
    program = (
        "import sys, pathlib; from googlenet.training.folder import Owner\n"
        "with Owner(pathlib.Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    )
    arguments = [sys.executable, "-c", program, tmp_path]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        with pytest.raises(ValueError, match=rf"\(process {process.pid}\)"):
            Owner(tmp_path)
        process.kill()
        process.wait()
    assert (tmp_path / "lock").read_text() == f"{process.pid}\n"
    with Owner(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


@needs_locks
def test_a_lock_whose_file_its_owner_has_just_removed_is_none(tmp_path, monkeypatch):
    """The one before ends between our opening of its file and our locking of it: then a third could own a new one."""
    before, try_lock = Owner(tmp_path), run_folder.try_lock

    def ends_now(file):
        if (tmp_path / "lock").exists() and not before.file.closed:
            before.__exit__(None, None, None)
        return try_lock(file)

    monkeypatch.setattr(run_folder, "try_lock", ends_now)
    with Owner(tmp_path), pytest.raises(ValueError, match="belongs to"):
        Owner(tmp_path)


def test_an_owner_whose_number_is_not_written_yet(tmp_path, monkeypatch):
    (tmp_path / "lock").touch()
    monkeypatch.setattr(run_folder, "try_lock", lambda file: False)
    with pytest.raises(ValueError, match=r"going on\. Stop that first"):
        Owner(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of files")
def test_on_a_full_disk_a_folder_has_its_owner_all_the_same(tmp_path):
    """The number of the process cannot be written: not now, and not when the file is closed either."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with Owner(tmp_path):
            assert (tmp_path / "lock").read_bytes() == b""
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "try_lock", lambda file: None)
    (tmp_path / "checkpoint.safetensors.new").touch()
    with Owner(tmp_path) as owner:
        assert not owner.alone
        owner.clear()
        assert (tmp_path / "checkpoint.safetensors.new").exists()  # of another run, for all we know


def test_a_folder_that_may_not_be_written_to(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(OSError, match=r"cannot write .*lock: Permission denied"):
        Owner(tmp_path)


@needs_locks
def test_what_killed_runs_have_left_goes_and_nothing_else(tmp_path):
    left = [
        ".checkpoint.safetensors.new.0123abcd.tmp", ".best.safetensors.0123abcd.tmp", ".config.json.0123abcd.tmp",
        ".metrics.csv.0123abcd.tmp", ".curves.png.0123abcd.tmp", ".report.html.0123abcd.tmp",
        "checkpoint.safetensors.new", "checkpoint.link",
    ]  # fmt: skip
    stays = ["best.safetensors", "checkpoint-previous.safetensors", "checkpoint.safetensors", "notes.txt"]
    for name in left + stays:
        (tmp_path / name).touch()
    with Owner(tmp_path) as owner:
        owner.clear()
    assert sorted(path.name for path in tmp_path.iterdir()) == stays


# ---- files --------------------------------------------------------------------------------------------------------


def test_the_config_comes_back(tmp_path):
    options = Options(lr=0.1 + 0.2, preset="plain", aux_heads=False)
    write_config(tmp_path, options)
    assert read_config(tmp_path) == options


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "config.json is empty or damaged, .*: start a new run"),
        ("{", "config.json is empty or damaged"),
        ("[]", "config.json is empty or damaged"),
        ("{}", "config.json is empty or damaged"),
        ("[" * 100_000, "config.json is empty or damaged"),
        ('{"options": 3}', "config.json: the options are 3"),
        ('{"options": {}}', "config.json: its options are those of another version .*'augment' is missing"),
        (json.dumps({"options": {**dataclasses.asdict(Options()), "date": "x"}}), "'date' is unknown here"),
        (json.dumps({"options": {**dataclasses.asdict(Options()), "lr": "x"}}), "config.json: --lr: got 'x', expected"),
    ],
)
def test_a_config_that_is_no_good(tmp_path, text, message):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        read_config(tmp_path)
    assert str(tmp_path) in str(error.value)


def test_what_is_no_run(tmp_path):
    with pytest.raises(ValueError, match=r"--resume: .*nowhere is not there"):
        refuse_what_is_no_run(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"--resume: .* holds no run: .*Start a new run"):
        refuse_what_is_no_run(tmp_path)
    for name in ("checkpoint.safetensors", "checkpoint-previous.safetensors", "config.json"):
        (tmp_path / name).touch()
        refuse_what_is_no_run(tmp_path)
        if name != "config.json":
            refuse_what_is_no_run(tmp_path / name)
        (tmp_path / name).unlink()


@pytest.mark.parametrize("name", ["metrics.csv", "best.safetensors"])
def test_a_checkpoint_that_was_written_is_not_taken_for_one_that_was_not(tmp_path, name):
    refuse_lost_checkpoint(tmp_path)
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match=rf"checkpoint\.safetensors is gone, but {name} of that run .*Start a new run"):
        refuse_lost_checkpoint(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "best.safetensors", "copy.safetensors"])
def test_only_what_is_named_as_a_checkpoint_is_one(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(
        ValueError, match=rf"--resume: .*{name} cannot be resumed: .* folder of its own as checkpoint\."
    ):
        refuse_what_is_no_run(tmp_path / name)


@pytest.mark.parametrize(
    ("there", "problem"),
    [
        ({}, None),
        ({"epochs": 9, "threads": 3, "device": "cuda:1"}, None),  # these may change when a run goes on
        ({"seed": 1, "lr": 0.1}, "of another run: not the same --lr, --seed"),
        ("{}", "not the config.json of a run"),
    ],
)
def test_a_config_beside_a_checkpoint_must_be_that_of_its_run(tmp_path, there, problem):
    if isinstance(there, str):
        (tmp_path / "config.json").write_text(there)
    else:
        write_config(tmp_path, Options(**there))
    with pytest.raises(ValueError, match=problem) if problem else nullcontext():
        refuse_another_run_s_config(tmp_path / "checkpoint.safetensors", Options())


def test_a_checkpoint_alone_in_its_folder_belongs_to_no_other_run(tmp_path):
    refuse_another_run_s_config(tmp_path / "checkpoint.safetensors", Options())


def test_everything_is_only_said_to_be_there_where_it_is(tmp_path):
    files = ["config.json", "data.json", "metrics.csv", "curves.png", "report.html", "best.safetensors"]
    files.append("checkpoint.safetensors")
    assert what_there_is(tmp_path) == f"the run is in {tmp_path}/, without {', '.join(files)}"
    for name in files:
        (tmp_path / name).touch()
    assert what_there_is(tmp_path) == f"everything is in {tmp_path}/"
    (tmp_path / "best.safetensors").unlink()
    assert what_there_is(tmp_path) == f"the run is in {tmp_path}/, without best.safetensors"


@pytest.mark.parametrize("left", [[], ["lock"]])
def test_a_folder_in_which_no_run_was_begun_says_what_to_do(tmp_path, left):
    (tmp_path / "mine").mkdir()
    for name in left:
        (tmp_path / "mine" / name).touch()
    with pytest.raises(
        ValueError, match="mine exists. Choose another, or remove it: it is empty, as of a run that was killed"
    ):
        make_folder(tmp_path, "mine", Options())
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(ValueError, match="mine exists. Choose another$"):
        make_folder(tmp_path, "mine", Options())
