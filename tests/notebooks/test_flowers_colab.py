"""The notebook: kept without outputs, right in Colab and elsewhere, and executed whole on a small archive."""

import json
import os
import re
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from support import REPOSITORY

import minicnn as mc

PATH = REPOSITORY / "notebooks" / "flowers_colab.ipynb"
FLOWERS = Path(os.environ.get("MINICNN_DATA", REPOSITORY.parent / "shared" / "data")) / "flowers" / "train"
NOTEBOOK = json.loads(PATH.read_text(encoding="utf-8"))
CODE = {cell["id"]: "".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"}


def execute(cell, **variables):
    """What a cell's variables are in the end, where they were these at first."""
    exec(CODE[cell], variables)
    return variables


def test_it_is_kept_without_outputs():
    for cell in NOTEBOOK["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None), cell["id"]
        assert cell["metadata"] == ({"tags": ["parameters"]} if cell["id"] == "parameters" else {})
    assert NOTEBOOK["metadata"].keys() == {"kernelspec"}
    assert NOTEBOOK["metadata"]["kernelspec"]["name"] == "python3"
    text = json.dumps(NOTEBOOK, indent=1, ensure_ascii=False) + "\n"
    assert PATH.read_text(encoding="utf-8") == text  # as Jupyter writes it: a change shows as a few lines


@pytest.mark.parametrize("name", ["REPOSITORY", "ARCHIVE", "EPOCHS", "IMAGE_SIZE", "DEVICE", "PHOTO"])
def test_a_parameter_can_come_from_the_environment(monkeypatch, name):
    before = execute("parameters")[name]
    monkeypatch.setenv(f"GOOGLENET_{name}", "64")
    found = execute("parameters")[name]
    assert found == type(before)(64)
    assert found != before


# ---- the archive, from Drive, uploaded, or on this machine -----------------------------------------------------------


@pytest.fixture
def colab(monkeypatch):
    """What stands in for google.colab, and notes what was asked of it: one upload, of a file that is there."""
    asked = []
    drive = SimpleNamespace(mount=lambda path: asked.append(f"mount {path}"))
    files = SimpleNamespace(upload=lambda: asked.append("upload") or {str(PATH): b"its contents"})
    module = ModuleType("google.colab")
    module.drive, module.files = drive, files
    monkeypatch.setitem(sys.modules, "google.colab", module)
    monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
    return asked


def test_colab_mounts_drive_for_an_archive_there_and_asks_for_what_is_missing(colab):
    assert execute("archive", ARCHIVE="/content/drive/MyDrive/none.tgz")["ARCHIVE"] == str(PATH)
    assert colab == ["mount /content/drive", "upload"]


def test_colab_leaves_an_archive_that_is_there_alone(colab):
    assert execute("archive", ARCHIVE=str(PATH))["ARCHIVE"] == str(PATH)
    assert colab == []


def test_an_upload_that_was_canceled_leaves_a_missing_archive(colab, monkeypatch):
    monkeypatch.setattr(sys.modules["google.colab"].files, "upload", dict)
    with pytest.raises(FileNotFoundError, match=r"none.tgz is not there: set ARCHIVE"):
        execute("archive", ARCHIVE="none.tgz")


def test_elsewhere_google_s_package_is_not_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", None)  # importing it fails
    assert execute("archive", ARCHIVE=str(PATH))["ARCHIVE"] == str(PATH)
    with pytest.raises(FileNotFoundError, match=r"none.tgz is not there: set ARCHIVE"):
        execute("archive", ARCHIVE="none.tgz")


# ---- installation, and the device ------------------------------------------------------------------------------------


def pip_of(monkeypatch, repository, there=None, driver=None):
    """What the cell tells pip, where the package is there or not, and the driver."""
    asked = []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: there)
    monkeypatch.setattr("shutil.which", lambda name: driver)
    source, count = re.subn(r"%pip (.*)", r"pip(f'\1')", CODE["install"])  # IPython fills in what stands in braces, too
    assert count == 1
    exec(source, {"REPOSITORY": repository, "pip": asked.append})
    return asked


@pytest.mark.parametrize(("driver", "extra"), [(None, ""), ("/usr/bin/nvidia-smi", "[cuda12]")])
def test_pip_gets_the_package_and_for_a_gpu_its_extra(monkeypatch, driver, extra):
    name = "minicnn-googlenet"
    asked = pip_of(monkeypatch, "git+https://some.where/it", driver=driver)
    assert asked == [f'install --quiet "{name}{extra} @ git+https://some.where/it"']
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nname = "{name}"\n' in project
    assert not extra or f"\n{extra[1:-1]} = [" in project


def test_what_is_installed_is_not_installed_again(monkeypatch):
    assert pip_of(monkeypatch, "", there="its spec", driver="/usr/bin/nvidia-smi") == []


def test_a_repository_that_was_not_filled_in_is_asked_for(monkeypatch):
    with pytest.raises(ValueError, match="REPOSITORY is empty: set it, in the first cell"):
        pip_of(monkeypatch, "")


@pytest.mark.parametrize(
    ("asked", "usable", "found"),
    [("", ["cpu"], "cpu"), ("", ["cpu", "cuda:0", "cuda:1"], "cuda:0"), ("cpu", ["cpu", "cuda:0"], "cpu")],
)
def test_the_device_is_the_one_asked_for_or_a_usable_gpu(monkeypatch, capsys, asked, usable, found):
    devices = [SimpleNamespace(name=name, usable=name in usable) for name in ["cpu", "cuda:0", "cuda:1"]]
    monkeypatch.setattr(mc, "devices", lambda: devices)
    assert execute("device", DEVICE=asked)["DEVICE"] == found
    assert capsys.readouterr().out.splitlines()[-1] == f"training on {found}"


def test_a_command_that_fails_stops_the_notebook():
    run, arguments = execute("device", DEVICE="cpu")["run"], []
    run(arguments.extend, "--epochs", 2, Path("a", "b"))
    assert arguments == ["--epochs", "2", str(Path("a", "b"))]
    with pytest.raises(RuntimeError, match="exit status 130: the message above says why"):
        run(lambda words: 130)


# ---- all of it -------------------------------------------------------------------------------------------------------


@pytest.fixture
def archive(tmp_path):
    """Three classes of eight small photos, of flowers where there are some, else of noise."""
    path = tmp_path / "blossoms.zip"
    with zipfile.ZipFile(path, "w") as file:
        for label, name in enumerate(["daisy", "roses", "tulips"]):
            photos = sorted((FLOWERS / name).glob("*.jpg"))
            for number in range(8):
                noise = np.random.default_rng([label, number]).integers(0, 256, (50, 60, 3), np.uint8)
                photo = Image.open(photos[number]) if photos else Image.fromarray(noise)
                photo.thumbnail((60, 60))
                photo.save(contents := BytesIO(), "JPEG")
                file.writestr(f"blossoms/{name}/{number}.jpg", contents.getvalue())
    return path


@pytest.mark.everything("notebooks")
def test_it_runs_on_a_small_archive(tmp_path, monkeypatch, archive):
    why = "is not installed: pip install -e '.[notebook]'"
    nbformat = pytest.importorskip("nbformat", reason=f"nbformat {why}")
    nbclient = pytest.importorskip("nbclient", reason=f"nbclient {why}")
    pytest.importorskip("ipykernel", reason=f"ipykernel {why}")
    notebook = nbformat.read(PATH, as_version=4)
    nbformat.validate(notebook)
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)

    parameters = {"ARCHIVE": archive, "EPOCHS": 2, "IMAGE_SIZE": 32, "DEVICE": "cpu", "PHOTO": "", "REPOSITORY": ""}
    for name, value in parameters.items():
        monkeypatch.setenv(f"GOOGLENET_{name}", str(value))
    for name in ("MINICNN_CACHE", "IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):  # nothing of the user's
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    there = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=there).execute()

    texts, pictures, pages = {}, set(), {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts[cell.id] = texts.get(cell.id, "") + output.get("text", "")
            pictures |= {cell.id} if "image/png" in output.get("data", {}) else set()
            pages |= {cell.id: page} if (page := output.get("data", {}).get("text/html")) else {}
    assert "blossoms: 3 classes" in texts["data"]
    assert "at 32x32: 18 to train on, 6 to test" in texts["train"]
    assert "2/2" in texts["train"]
    assert re.search(r"^roses +2 ", texts["evaluate"], re.MULTILINE)
    assert re.search(r"\.jpg\n +\d+\.\d\d%  (daisy|roses|tulips)\n", texts["predict"])
    assert pictures == {"data", "batch", "curves", "evaluate", "predict"}
    assert pages.keys() == {"report"}
    assert "&lt;!doctype html&gt;" in pages["report"]  # in quotes, for the frame
    (run,) = (tmp_path / "runs").glob("*/")
    assert {"best.safetensors", "report.html", "confusion.png", "prediction.png"} <= {p.name for p in run.iterdir()}
