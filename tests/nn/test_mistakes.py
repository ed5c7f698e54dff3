"""Mistakes in writing a network: each is named where it is made, and what is right is left alone."""

import contextlib
import copy
import warnings
from pathlib import Path

import numpy as np
import pytest
from support import raises

import minicnn as mc
import minicnn.functional as F
from minicnn import Tensor, nn, optim
from minicnn.nn import Buffer, Module, Parameter


class Net(Module):
    """Linear, with room for what a test assigns."""

    def __init__(self, **attributes):
        self.fc = nn.Linear(2, 2)
        for name, value in attributes.items():
            setattr(self, name, value)

    def forward(self, x):
        return self.fc(x)


def x():
    return Tensor(np.ones((1, 2), np.float32))


# ---- attributes ---------------------------------------------------------------------------------------------------

PLAIN = [
    ([nn.ReLU()], r"Net.kept is a plain list with a ReLU inside.*: write nn.ModuleList"),
    ((nn.ReLU(), nn.Linear(1, 1)), "Net.kept is a plain tuple with a ReLU inside.*: write nn.ModuleList"),
    ([2, None, nn.ReLU()], "Net.kept is a plain list with a ReLU inside"),
    ([[nn.ReLU()], [nn.Linear(1, 1)]], "Net.kept is a plain list with a ReLU inside"),
    ([("first", nn.ReLU())], "Net.kept is a plain list with a ReLU inside"),
    ({nn.ReLU()}, "Net.kept is a plain set with a ReLU inside"),
    ({"first": nn.ReLU()}, "Net.kept is a plain dict with a ReLU inside.*: give each an attribute of its own"),
    ([Parameter([1.0])], "Net.kept is a plain list with a Parameter inside.*: give each an attribute of its own"),
    ([Buffer([1.0])], "Net.kept is a plain list with a Buffer inside.*: give each an attribute of its own"),
]


@pytest.mark.parametrize(("value", "message"), PLAIN)
def test_a_plain_container_of_modules_is_refused_when_it_is_assigned(value, message):
    network = Net()
    with pytest.raises(TypeError, match=message):
        network.kept = value
    assert not hasattr(network, "kept")


@pytest.mark.parametrize(
    "use",
    [
        lambda network: network(x()),
        lambda network: list(network.parameters()),
        lambda network: optim.SGD(network.parameters()),
        lambda network: network.state_dict(),
        lambda network: network.load_state_dict({}, strict=False),
        lambda network: network.to("cpu"),
        lambda network: network.double(),
        lambda network: network.eval(),
        lambda network: network.zero_grad(),
        lambda network: nn.Sequential(network).state_dict(),
    ],
)
def test_a_list_that_is_filled_later_is_refused_when_it_matters(use):
    network = Net(layers=[])
    for _ in range(3):
        network.layers.append(nn.Linear(2, 2))
    with pytest.raises(TypeError, match="Net.layers is a plain list with a Linear inside"):
        use(network)


@pytest.mark.parametrize(
    "value",
    [[], {}, (3, 3), ["relu"], {"relu": F.relu}, [nn.ReLU, nn.Linear], [np.ones(2)], [Tensor([1.0])], {1, 2}, "text"],
)
def test_other_containers_may_be_kept(value):
    network = Net(kept=value)
    assert network.kept is value
    assert network(x()).shape == (1, 2)


def test_a_tensor_that_requires_a_gradient_must_be_a_parameter():
    network = Net()
    with pytest.raises(TypeError, match=r"Net.scale is a Tensor, .* write nn.Parameter\(...\)"):
        network.scale = Tensor([1.0], requires_grad=True)
    network.scale = Parameter([1.0])
    assert "scale" in network.state_dict()


def test_a_constant_tensor_is_warned_about_at_the_line_of_the_assignment():
    network = Net()
    with pytest.warns(
        UserWarning, match=r"Net.scale is a Tensor, neither .* nn.Parameter\(...\) or nn.Buffer"
    ) as found:
        network.scale = Tensor([1.0])
    assert Path(found[0].filename) == Path(__file__)
    assert network.scale.item() == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "value",
    [Buffer([1.0]), Tensor([1]), Tensor([1.0], requires_grad=True) * 2, np.ones(2), None, 3.0],
    ids=lambda value: type(value).__name__,
)
def test_what_may_be_kept(value):
    assert Net(kept=value).kept is value


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("recorded", [True, False])
def test_forward_and_hooks_may_keep_what_they_see(requires_grad, recorded):
    class Keeps(Net):
        def forward(self, x):
            self.fc(x)  # another module's forward has ended: this one's has not
            self.x = x
            self.y = self.fc(x)
            return self.y

    network, given = Keeps(), Tensor(np.ones((1, 2), np.float32), requires_grad)
    network.register_forward_hook(lambda module, inputs, output: setattr(module, "seen", output))
    with contextlib.nullcontext() if recorded else mc.no_grad():
        y = network(given)
    assert network.x is given
    assert network.seen is network.y is y


def test_after_a_forward_that_failed_assignments_are_checked_again():
    network = Net()
    with contextlib.suppress(ValueError):
        network(Tensor(np.ones((1, 9), np.float32)))
    with pytest.raises(TypeError, match="Net.scale"):
        network.scale = Tensor([1.0], requires_grad=True)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "weight",
            np.ones((2, 2)),
            r"Linear.weight is a Parameter, and a ndarray in its place .* weight.data\[...\] =",
        ),
        ("weight", Tensor([1.0]), r"Linear.weight is a Parameter, and a Tensor .* or nn.Parameter\(...\), or None"),
        ("bias", Tensor([1.0], requires_grad=True) * 2, "Linear.bias is a Parameter, and a Tensor in its place"),
        ("mean", Tensor([1.0]) * 0.9, r"Linear.mean is a Buffer, and a Tensor in its place .* nn.Buffer\(...\)"),
        ("inner", F.relu, "Linear.inner is a ReLU, and a function in its place .* assign a module, or None"),
    ],
)
def test_what_would_be_lost_is_not_replaced(name, value, message):
    layer = nn.Linear(2, 2)
    layer.mean, layer.inner = Buffer([1.0]), nn.ReLU()
    before = getattr(layer, name)
    with pytest.raises(TypeError, match=message):
        setattr(layer, name, value)
    assert getattr(layer, name) is before
    setattr(layer, name, None)
    setattr(layer, name, before)


def test_a_copy_is_not_asked():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = Net(constant=Tensor([1.0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert copy.deepcopy(network).constant.item() == 1


# ---- containers of modules, calls, states ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([nn.Linear(3, 3), F.relu], r"layer 1 is the function relu, no module: write nn.ReLU\(\)"),
        (
            [nn.Linear(3, 3), F.sigmoid],
            "layer 1 is the function sigmoid, no module: call it in the forward of a Module",
        ),
        ([lambda x: x], "layer 0 is the function <lambda>, no module: call it in the forward of a Module"),
        ([nn.Linear(3, 3), nn.ReLU], r"layer 1 is the class ReLU, no module: write nn.ReLU\(...\)"),
        ([[nn.Linear(3, 3), nn.ReLU()]], r"layer 0 is list, no module: write nn.Sequential\(\*layers\)"),
        ([(nn.ReLU() for _ in range(2))], r"layer 0 is generator, no module: write nn.Sequential\(\*layers\)"),
        ([{"a": nn.ReLU()}], r"layer 0 is dict, no module: write nn.Sequential\(\*layers.values\(\)\)"),
        ([nn.ReLU(), None], "layer 1 is NoneType, no module: expected a module"),
        ([Tensor([1.0])], "layer 0 is Tensor, no module: expected a module"),
    ],
)
def test_a_sequential_takes_modules_alone(layers, message):
    with pytest.raises(TypeError, match="Sequential: " + message):
        nn.Sequential(*layers)


def test_a_module_list_takes_modules_alone():
    with pytest.raises(TypeError, match=r"ModuleList: module 1 is the function relu, no module: write nn.ReLU\(\)"):
        nn.ModuleList([nn.Linear(3, 3), F.relu])
    with pytest.raises(TypeError, match="ModuleList: modules is one ReLU, expected a list of modules"):
        nn.ModuleList(nn.ReLU())
    modules = nn.ModuleList([nn.ReLU()])
    with pytest.raises(TypeError, match="ModuleList: module 1 is the class ReLU, no module"):
        modules.append(nn.ReLU)
    assert len(modules) == 1


def test_a_forward_without_return_is_named():
    class Forgets(Net):
        def forward(self, x):
            self.fc(x)

    with pytest.raises(TypeError, match="Forgets.forward returned None: is a `return` missing?"):
        nn.Sequential(Forgets(), nn.ReLU())(x())


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("best.safetensors", r"Net: state_dict is a str: write mc.load\(path\)"),
        (Path("best.safetensors"), r"state_dict is a \w+Path: write mc.load\(path\)"),
        (None, "state_dict is a NoneType: expected a dict of Tensors by name"),
        (np.ones(3), "state_dict is a ndarray: expected a dict of Tensors by name"),
        (nn.Linear(2, 2), r"state_dict is a Linear: write module.state_dict\(\)"),
    ],
)
def test_a_state_that_is_no_dict_says_what_to_write(state, message):
    with pytest.raises(TypeError, match=message):
        Net().load_state_dict(state)


@pytest.mark.parametrize("name", ["modules", "parameters", "forward", "train"])
def test_a_module_does_not_hide_a_method(name):
    class Net(nn.Module):
        def __init__(self):
            setattr(self, name, nn.Linear(2, 2))

    with raises(TypeError, f"Net.{name} is a method, which a Linear would hide: choose another name"):
        Net()


def test_results_without_a_graph_may_be_kept():
    """As those with one: which of them they are depends on no_grad alone."""

    class Net(nn.Module):
        def loss(self, x):
            self.last = x * 2.0
            return self.last

    with mc.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("error")
        Net().loss(Tensor(np.ones(2)))
