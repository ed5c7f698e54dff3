"""Names and arguments are PyTorch's, or docs/pytorch.md lists the difference: the page's tables are read, and compared.

Whatever both libraries have under one name is compared argument by argument. A difference that the page does not list
is an error here, and so is a line of the page that is no longer true.
"""

import inspect
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from support import needs_torch, torch

import minicnn as mc
import minicnn.functional as F
from minicnn import data, nn, optim

pytestmark = [pytest.mark.parity, needs_torch]

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "pytorch.md").read_text(encoding="utf-8")


# ---- the page -----------------------------------------------------------------------------------------------------


def table(heading):
    """The rows of the table below a heading, without the first two, each a list of cells."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("|")]
    assert rows, f"docs/pytorch.md has no table under {heading!r}"
    return rows[2:]


def words(cell):
    """What stands in `backticks`."""
    return re.findall(r"`([^`]+)`", cell)


def renamed():
    """PyTorch's name of an argument -> the names that it has here."""
    return {theirs: words(row[1]) for row in table("Other names of arguments") for theirs in words(row[0])}


def missing_anywhere():
    """Arguments that are not listed with every function that lacks them."""
    return {name for row in table("Arguments that are missing all over") for name in words(row[0])}


# ---- the two libraries --------------------------------------------------------------------------------------------

METHODS_OF = ("Tensor", "Module", "ModuleList", "Optimizer", "LRScheduler")


def public(owner):
    return [name for name in vars(owner) if not name.startswith("_") and callable(getattr(owner, name))]


def places():
    """(what the page calls it, ours, PyTorch's or None) for every public name of ours."""
    for name in [name for name in nn.__all__ if name not in ("init", "utils")]:
        yield f"nn.{name}", getattr(nn, name), getattr(torch and torch.nn, name, None)
    for name in [name for name, _ in inspect.getmembers(nn.init, inspect.isfunction) if name.endswith("_")]:
        yield f"nn.init.{name}", getattr(nn.init, name), getattr(torch and torch.nn.init, name, None)
    for name in [name for name, _ in inspect.getmembers(nn.utils, inspect.isfunction) if name.endswith("_")]:
        yield f"nn.utils.{name}", getattr(nn.utils, name), getattr(torch and torch.nn.utils, name, None)
    for name in F.__all__:
        theirs = getattr(torch and torch.nn.functional, name, None) or getattr(torch, name, None)
        yield f"F.{name}", getattr(F, name), theirs
    for name in [name for name in optim.__all__ if name != "lr_scheduler"]:
        yield f"optim.{name}", getattr(optim, name), getattr(torch and torch.optim, name, None)
    for name, ours in inspect.getmembers(optim.lr_scheduler, inspect.isclass):
        if issubclass(ours, optim.lr_scheduler.LRScheduler):
            yield f"lr_scheduler.{name}", ours, getattr(torch and torch.optim.lr_scheduler, name, None)
    for name in ("Dataset", "DataLoader", "ArrayDataset"):
        yield f"data.{name}", getattr(data, name), getattr(torch and torch.utils.data, name, None)
    for name in [name for name in mc.__all__ if callable(getattr(mc, name))]:
        yield f"mc.{name}", getattr(mc, name), getattr(torch, name, None)
    for ours, theirs in [
        (mc.Tensor, torch and torch.Tensor),
        (nn.Module, torch and torch.nn.Module),
        (nn.ModuleList, torch and torch.nn.ModuleList),
        (optim.Optimizer, torch and torch.optim.Optimizer),
        (optim.lr_scheduler.LRScheduler, torch and torch.optim.lr_scheduler.LRScheduler),
    ]:
        for name in public(ours):
            yield f"{ours.__name__}.{name}", getattr(ours, name), getattr(theirs, name, None)


class Argument(NamedTuple):
    name: str
    default: object  # inspect.Parameter.empty where there is none
    by_position: bool


ANY = inspect.Parameter("any", inspect.Parameter.VAR_POSITIONAL)


def arguments(function, name, is_method):
    """The arguments in their order, or None where there are *args, and so no names.

    What PyTorch has written in C has no signature, but one or several forms in its documentation. The longest counts;
    what the shortest lacks may be left out.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())[1 if is_method else 0 :]
    except ValueError:
        parameters = [ANY]
    if parameters and all(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        pattern = rf"^\s*(?:\.\. function:: )?{name}\(((?:[a-z*][^)\n]*)?)\)"
        forms = re.findall(pattern, function.__doc__ or "", re.MULTILINE)
        if forms:
            forms = [inspect.signature(eval(f"lambda {form}: 0")).parameters for form in forms]
            longest, shortest = max(forms, key=len), min(forms, key=len)
            optional = {p for name, p in longest.items() if name not in shortest and p.default is p.empty}
            parameters = [p.replace(default=None) if p in optional else p for p in longest.values()]
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) and not any(p.kind is p.KEYWORD_ONLY for p in named):
        return None
    return [Argument(p.name, p.default, p.kind is not p.KEYWORD_ONLY) for p in named]


def shown(argument):
    return argument.name if argument.default is inspect.Parameter.empty else f"{argument.name}={argument.default!r}"


def differences(ours, theirs):
    """What the page must list: (missing, only here, by keyword alone, other places and defaults), each a set."""
    names = [argument.name for argument in ours]
    here = {theirs: [name for name in some if name in names] for theirs, some in renamed().items()}
    theirs = [argument for argument in theirs if not argument.name.startswith("_")]
    theirs = [argument._replace(name=(here.get(argument.name) or [argument.name])[0]) for argument in theirs]
    by_name = {argument.name: argument for argument in theirs}
    missing = {name for name in by_name if name not in names} - missing_anywhere()
    only_here = {name for name in names if name not in by_name}
    by_keyword = {a.name for a in ours if a.name in by_name and by_name[a.name].by_position and not a.by_position}
    otherwise = set()
    for i, argument in enumerate(ours):
        same = by_name.get(argument.name)
        at_its_place = theirs[i] if i < len(theirs) and theirs[i].by_position else None
        if argument.by_position and at_its_place is not same:
            otherwise.add(f"{argument.name} is argument {i + 1}")
        if same is not None and argument.default != same.default:
            otherwise.add(f"{shown(argument)} for {shown(same)}")
    return missing, only_here, by_keyword, otherwise


NONE = (set(), set(), set(), set())  # also where PyTorch does not say what it takes, and ours takes nothing


def compared():
    """Name -> differences; None where one of both takes *args."""
    found = {}
    for name, ours, theirs in places():
        if theirs is not None:
            is_method, last = name.split(".")[0] in METHODS_OF, name.split(".")[-1]
            both = arguments(ours, last, is_method), arguments(theirs, last, is_method)
            found[name] = differences(*both) if None not in both else None if both[0] != [] else NONE
    return found


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (lambda x, a=1: 0, lambda input, a=1: 0, ("", "", "", "")),
        (lambda x, relu=0: 0, lambda input, groups=0: 0, ("groups", "relu", "", "relu is argument 2")),
        (lambda x, *, relu=0: 0, lambda input, groups=0: 0, ("groups", "relu", "", "")),
        (lambda x, b, a: 0, lambda input, a, b: 0, ("", "", "", "b is argument 2, a is argument 3")),
        (lambda x, *, b: 0, lambda input, a, b: 0, ("a", "", "b", "")),
        (lambda x, a: 0, lambda input, *, a: 0, ("", "", "", "a is argument 2")),
        (lambda x, a=2: 0, lambda input, a=1: 0, ("", "", "", "a=2 for a=1")),
        (lambda x, a: 0, lambda input, a=1: 0, ("", "", "", "a for a=1")),
    ],
)
def test_differences_are_found(ours, theirs, expected):
    found = differences(*(arguments(function, "f", False) for function in (ours, theirs)))
    assert found == tuple({word for word in words.split(", ") if word} for words in expected)


# ---- they agree ---------------------------------------------------------------------------------------------------


def test_every_difference_of_arguments_is_listed_and_every_one_listed_exists():
    listed = {words(row[0])[0]: tuple(set(words(cell)) for cell in row[1:]) for row in table("Arguments")}
    assert {name: found for name, found in compared().items() if found and any(found)} == listed


def test_what_takes_any_number_of_arguments_is_described():
    described = [name for row in table("Called otherwise") for name in words(row[0])]
    assert sorted(described) == sorted(name for name, found in compared().items() if found is None)


def test_what_is_only_here_is_listed():
    listed = [name for row in table("Only here") for name in words(row[0])]
    assert sorted(listed) == sorted(name for name, _, theirs in places() if theirs is None)


def test_general_rules_are_of_use():
    """Every name of an argument that is said to be another, or missing, stands in a signature of PyTorch's."""
    ours, theirs = set(), set()
    for name, *both in places():
        for names, function in zip((ours, theirs), both, strict=True):
            found = arguments(function, name.split(".")[-1], False) if function is not None else None
            names |= {argument.name for argument in found or ()}
    assert {*renamed(), *missing_anywhere()} <= theirs
    assert {name for names in renamed().values() for name in names} <= ours
