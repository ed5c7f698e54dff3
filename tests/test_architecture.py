"""The house is as docs/architecture.md says: imports run one way, and no file takes what is private to another."""

import ast

import pytest
from support import REPOSITORY

# Each row may import from itself and from the rows above it, nothing from those below.
ROWS = [
    ["minicnn.arguments", "minicnn.lock"],
    ["minicnn.backend"],
    ["minicnn.tensor", "minicnn.function", "minicnn.rng"],
    ["minicnn.functional"],
    ["minicnn.nn", "minicnn.optim", "minicnn.data", "minicnn.checkpoint", "minicnn.gradcheck", "minicnn.summary"],
    ["minicnn.explain"],
    ["minicnn"],
    ["googlenet.commandline", "googlenet.table", "googlenet.presets", "googlenet.differences"],
    ["googlenet.inception", "googlenet.auxiliary", "googlenet.model", "googlenet.data"],
    ["googlenet.weights", "googlenet.report", "googlenet.tables"],
    ["googlenet.evaluation"],
    ["googlenet.training"],
    ["googlenet"],
    ["exercises"],
]
FILES = sorted(path for room in ("minicnn", "googlenet", "exercises") for path in (REPOSITORY / room).rglob("*.py"))
FILES = [path for path in FILES if "course" not in path.parts]  # of these a row tells once what each file is


def module_name(path):
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def row_of(module):
    """The number of the row that a module stands in: that of its longest name there."""
    places = [
        (len(name), number) for number, row in enumerate(ROWS) for name in row if f"{module}.".startswith(f"{name}.")
    ]
    return max(places)[1]


def imported(path):
    """(module, name or None) of every import at run time, wherever it stands in the file."""
    waiting = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_run_one_way(path):
    here = module_name(path)
    for module, name in imported(path):
        if module.partition(".")[0] not in ("minicnn", "googlenet", "exercises", "train", "benchmarks", "tests"):
            continue
        # `from minicnn import backend` takes minicnn/backend, not what minicnn/__init__.py has gathered.
        inside = REPOSITORY / module.replace(".", "/") / f"{name}"
        target = f"{module}.{name}" if inside.is_dir() or inside.with_suffix(".py").is_file() else module
        assert row_of(target) <= row_of(here), f"{here} imports {target}, which stands below it"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_nothing_private_is_imported(path):
    for module, name in imported(path):
        assert name is None or not name.startswith("_") or module == "__future__", f"{module}.{name} is private"


TOLD_TOGETHER = (
    "__init__.py",
    "minicnn/functional/",
    "minicnn/optim/",
    "exercises/commands/",
)  # "every operation", "optimizers"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_every_file_stands_in_the_table_of_rooms(path):
    table = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## Decisions")[0]
    told_together = any(part in path.as_posix() for part in TOLD_TOGETHER)
    assert told_together or path.name in table, f"docs/architecture.md does not say what {path.name} is"
