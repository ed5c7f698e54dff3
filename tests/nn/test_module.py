"""Module: what is found inside, under which name, in which order; and the state that goes in and out."""

import contextlib
import copy

import numpy as np
import pytest
from support import needs_torch, torch

import minicnn as mc
import minicnn.functional as F
from minicnn import Tensor, nn
from minicnn.nn import Buffer, Module, Parameter


def build(library, parameter, buffer):
    """One network, written once for minicnn and PyTorch: nested, with lists, buffers, and parts that are shared."""

    class Block(library.Module):
        def __init__(self, channels):
            if hasattr(super(), "__init__"):
                super().__init__()
            self.conv = library.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.bn = library.BatchNorm2d(channels)

        def forward(self, x):
            return self.bn(self.conv(x))

    class Net(library.Module):
        def __init__(self):
            super().__init__()
            self.stem = library.Sequential(library.Conv2d(1, 4, 3), library.ReLU(), library.BatchNorm2d(4))
            self.scale = parameter((4,))  # after a module, and still before it in the order of names
            self.blocks = library.ModuleList([Block(4), Block(4)])
            self.nothing = None
            buffer(self, "count", (2,))
            self.again = self.blocks[0]  # a module under two names
            self.fc = library.Linear(4, 3)
            self.tied = library.Linear(4, 3, bias=False)
            self.tied.weight = self.fc.weight  # a parameter under two names
            self.offset = parameter((3,))

    return Net()


def our_network():
    def buffer(module, name, shape):
        setattr(module, name, Buffer(np.zeros(shape, np.float32)))

    return build(nn, lambda shape: Parameter(np.ones(shape, np.float32)), buffer)


@pytest.fixture
def torch_network():
    def buffer(module, name, shape):
        module.register_buffer(name, torch.zeros(shape))

    return build(torch.nn, lambda shape: torch.nn.Parameter(torch.ones(shape)), buffer)


class Tiny(Module):
    def __init__(self):
        self.fc = nn.Linear(2, 3)
        self.bn = nn.BatchNorm2d(3)

    def forward(self, x):
        return self.fc(x)


# ---- names and order ----------------------------------------------------------------------------------------------


@needs_torch
def test_names_and_order_are_pytorch_s(torch_network):
    ours = our_network()
    for method in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        found = [name for name, _ in getattr(ours, method)()]
        expected = [name for name, _ in getattr(torch_network, method)()]
        if method == "named_buffers":  # PyTorch names a buffer once, even of a module under two names
            found = [name for name in found if not name.startswith("again.")]
        assert found == expected, method
    assert list(ours.state_dict()) == list(torch_network.state_dict())
    shapes = [tuple(tensor.shape) for tensor in torch_network.state_dict().values()]
    assert [tensor.shape for tensor in ours.state_dict().values()] == shapes


def test_parameters_come_in_the_order_of_the_names():
    network = our_network()
    assert [id(p) for p in network.parameters()] == [id(p) for _, p in network.named_parameters()]
    assert [id(m) for m in network.modules()] == [id(m) for _, m in network.named_modules()]
    assert next(network.modules()) is network


def test_what_is_shared_is_found_once():
    network = our_network()
    parameters = list(network.parameters())
    assert len(parameters) == len({id(p) for p in parameters})
    assert sum(p is network.fc.weight for p in parameters) == 1
    modules = list(network.modules())
    assert len(modules) == len({id(m) for m in modules})


def test_a_shared_parameter_gets_the_gradients_of_both_uses():
    class Twice(Module):
        def __init__(self):
            self.one = nn.Linear(2, 2, bias=False)
            self.two = nn.Linear(2, 2, bias=False)
            self.two.weight = self.one.weight

        def forward(self, x):
            return self.one(x) + self.two(x)

    network = Twice()
    network(Tensor(np.ones((1, 2), np.float32))).sum().backward()
    np.testing.assert_array_equal(network.one.weight.grad, np.full((2, 2), 2.0))


@pytest.mark.parametrize("call_super", [True, False])
def test_names_reach_through_all_levels_whether_init_is_called_or_not(call_super):
    class Block(Module):
        def __init__(self):
            if call_super:
                super().__init__()
            self.conv = nn.Conv2d(1, 1, 1, bias=False)
            self.scale = Buffer(np.ones(1))

    class Net(Module):
        def __init__(self):
            if call_super:
                super().__init__()
            self.blocks = nn.ModuleList([nn.Sequential(Block()), Block()])
            self.fc = nn.Linear(1, 1)

    network = Net()
    modules = ["", "blocks", "blocks.0", "blocks.0.0", "blocks.0.0.conv", "blocks.1", "blocks.1.conv", "fc"]
    assert [name for name, _ in network.named_modules()] == modules
    assert [name for name, _ in network.named_modules(prefix="net")][-2:] == ["net.blocks.1.conv", "net.fc"]
    parameters = ["blocks.0.0.conv.weight", "blocks.1.conv.weight", "fc.weight", "fc.bias"]
    assert [name for name, _ in network.named_parameters()] == parameters
    assert [name for name, _ in network.named_buffers()] == ["blocks.0.0.scale", "blocks.1.scale"]
    assert [name for name, _ in network.named_children()] == ["blocks", "fc"]


def test_tensors_that_are_no_parameters_are_not_found():
    class Constant(Module):
        def __init__(self):
            self.numbers = Tensor([1])
            self.result = Tensor([1.0], requires_grad=True) * 2
            self.array = np.ones(1)

    assert list(Constant().named_parameters()) == []
    assert Constant().state_dict() == {}


def test_a_replaced_attribute_is_forgotten():
    network = Tiny()
    old = network.fc
    network.fc = nn.Linear(2, 5)
    assert all(module is not old for module in network.modules())
    assert network.fc.weight.shape == (5, 2)
    del network.bn
    assert [name for name, _ in network.named_parameters()] == ["fc.weight", "fc.bias"]
    network.fc = None
    assert list(network.parameters()) == []


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="ModuleList has no forward"):
        nn.ModuleList([nn.ReLU()])(1)


def test_forward_takes_keywords_and_hooks_see_the_inputs_alone():
    class Scaled(Module):
        def forward(self, x, *, by=1):
            return x * by

    network, seen = Scaled(), []
    network.register_forward_hook(lambda module, inputs, output: seen.append((module, inputs, output)))
    x = Tensor([2.0])
    y = network(x, by=3)
    assert y.item() == 6
    assert seen == [(network, (x,), y)]
    with pytest.raises(TypeError, match="unexpected keyword argument 'factor'"):
        network(x, factor=3)


# ---- containers ---------------------------------------------------------------------------------------------------


def test_sequential():
    layers = [nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)]
    network = nn.Sequential(*layers)
    assert len(network) == 3
    assert list(network) == layers
    assert network[0] is layers[0]
    assert network[-1] is layers[2]
    x = Tensor(np.ones((4, 2), np.float32))
    np.testing.assert_array_equal(network(x).data, layers[2](F.relu(layers[0](x))).data)
    with pytest.raises(IndexError):
        network[3]


def test_a_slice_is_a_container_of_the_same_modules():
    layers = [nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)]
    for network in (nn.Sequential(*layers), nn.ModuleList(layers)):
        part = network[1:]
        assert type(part) is type(network)
        assert list(part) == layers[1:]
    assert list(nn.Sequential(*layers)[1:].state_dict()) == ["2.weight", "2.bias"]  # as in PyTorch
    assert list(nn.ModuleList(layers)[1:].state_dict()) == ["1.weight", "1.bias"]


def test_an_empty_sequential_changes_nothing():
    x = Tensor([1.0])
    assert nn.Sequential()(x) is x


def test_module_list():
    modules = nn.ModuleList(nn.Linear(2, 2) for _ in range(2))
    assert modules.append(nn.Linear(2, 5)) is modules
    assert len(modules) == 3
    assert modules[2].weight.shape == (5, 2)
    assert [name for name, _ in modules.named_parameters()] == [
        f"{i}.{n}" for i in range(3) for n in ("weight", "bias")
    ]


def test_more_than_ten_modules_keep_their_order():
    layers = [nn.ReLU() for _ in range(12)]
    assert list(nn.Sequential(*layers)) == layers
    assert list(nn.ModuleList(layers)) == layers


# ---- state --------------------------------------------------------------------------------------------------------


@needs_torch
def test_the_state_goes_to_pytorch_and_back(torch_network):
    ours, rng = our_network(), np.random.default_rng(0)
    for _, tensor in ours.state_dict().items():
        tensor.data[...] = rng.integers(0, 100, tensor.shape)
    torch_network.load_state_dict({name: torch.tensor(t.numpy()) for name, t in ours.state_dict().items()})
    for name, tensor in torch_network.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), ours.state_dict()[name].data, err_msg=name)
        assert tensor.numpy().dtype == ours.state_dict()[name].dtype

    other = our_network()
    other.load_state_dict({name: tensor.numpy() for name, tensor in torch_network.state_dict().items()})
    for name, tensor in other.state_dict().items():
        np.testing.assert_array_equal(tensor.data, ours.state_dict()[name].data, err_msg=name)


def test_a_state_dict_shares_the_data_and_is_outside_the_graph():
    network = Tiny()
    state = network.state_dict()
    assert state["fc.weight"].data is network.fc.weight.data
    assert not state["fc.weight"].requires_grad
    assert list(state) == [
        "fc.weight", "fc.bias", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var", "bn.num_batches_tracked",
    ]  # fmt: skip


def test_loading_copies_and_keeps_the_arrays():
    network, other = Tiny(), Tiny()
    array, parameter = network.fc.weight.data, network.fc.weight
    network.load_state_dict(other.state_dict())
    assert network.fc.weight is parameter
    assert network.fc.weight.data is array  # so that an optimizer keeps training it
    np.testing.assert_array_equal(array, other.fc.weight.data)
    other.fc.weight.data[:] = 0
    assert array.any()


def test_loading_keeps_the_module_s_dtype():
    network = Tiny()
    network.load_state_dict({name: tensor.data.astype(np.float64) for name, tensor in Tiny().state_dict().items()})
    assert network.fc.weight.dtype == np.float32
    double = Tiny().double()
    double.load_state_dict(network.state_dict())
    assert double.fc.weight.dtype == np.float64
    np.testing.assert_array_equal(double.fc.weight.data, network.fc.weight.data)


def test_loading_takes_tensors_arrays_and_lists():
    network = nn.Linear(2, 1)
    network.load_state_dict({"weight": [[1.0, 2.0]], "bias": Tensor([3.0])})
    np.testing.assert_array_equal(network.weight.data, [[1, 2]])
    np.testing.assert_array_equal(network.bias.data, [3])


@contextlib.contextmanager
def nothing_changes(network):
    before = {name: tensor.data.copy() for name, tensor in network.state_dict().items()}
    yield
    for name, tensor in network.state_dict().items():
        np.testing.assert_array_equal(tensor.data, before[name], err_msg=name)


def changed_state(**changes):
    """Tiny's state, every number another one, with entries added, replaced or (None) left out."""
    state = {name: tensor.data + 1 for name, tensor in Tiny().state_dict().items()}
    state |= {name.replace("__", "."): value for name, value in changes.items()}
    return {name: value for name, value in state.items() if value is not None}


def test_strict_names_what_is_missing():
    network = Tiny()
    with nothing_changes(network), pytest.raises(ValueError, match="load_state_dict: Tiny: missing: fc.bias"):
        network.load_state_dict(changed_state(fc__bias=None))


def test_strict_names_what_is_not_expected():
    network = Tiny()
    with nothing_changes(network), pytest.raises(ValueError, match="Tiny: not expected: fc.stranger"):
        network.load_state_dict(changed_state(fc__stranger=np.ones(1)))


@pytest.mark.parametrize("strict", [True, False])
def test_a_shape_that_differs_is_refused_and_both_shapes_named(strict):
    network = Tiny()
    state = changed_state(bn__running_var=np.ones(4))  # a late one: the earlier ones must not be loaded already
    expected = r"bn.running_var has shape \(4,\), expected \(3,\)"
    with nothing_changes(network), pytest.raises(ValueError, match=expected):
        network.load_state_dict(state, strict=strict)


def test_a_shape_that_would_broadcast_is_refused():
    network = Tiny()
    for wrong in (np.ones(1), np.ones(()), np.ones((1, 3))):
        with nothing_changes(network), pytest.raises(ValueError, match="fc.bias has shape"):
            network.load_state_dict(changed_state(fc__bias=wrong))


@pytest.mark.parametrize(
    "wrong",
    ["weights", None, {"lr": 0.1}, object(), ["a", "b", "c"], np.array([None] * 3)],
    ids=lambda v: type(v).__name__,
)
def test_values_that_are_no_numbers_are_refused_by_name(wrong):
    network = Tiny()
    state = changed_state() | {"fc.bias": wrong}
    with (
        nothing_changes(network),
        pytest.raises(TypeError, match="Tiny: fc.bias is a .*, expected a Tensor or an array"),
    ):
        network.load_state_dict(state)


def test_an_optional_buffer_may_be_missing():
    network = Module()
    network.needed, network.optional = Buffer([1.0]), Buffer([2.0], optional=True)
    network.load_state_dict({"needed": [3.0]})
    assert (network.needed.item(), network.optional.item()) == (3, 2)
    network.load_state_dict({"needed": [4.0], "optional": [5.0]})
    assert (network.needed.item(), network.optional.item()) == (4, 5)
    with pytest.raises(ValueError, match="missing: needed"):
        network.load_state_dict({"optional": [5.0]})


def test_all_problems_are_named_at_once_up_to_five():
    network = Tiny()
    with pytest.raises(ValueError, match=r"missing: fc.bias; not expected: a.*fc.weight has shape"):
        network.load_state_dict(changed_state(fc__bias=None, a=np.ones(1), fc__weight=np.ones((2, 2))))
    with pytest.raises(ValueError, match=r"\(and 15 more\)"):
        network.load_state_dict(changed_state(**{f"x{i}": np.ones(1) for i in range(20)}))


def test_not_strict_loads_what_fits():
    network = Tiny()
    old_bias = network.fc.bias.data.copy()
    state = changed_state(fc__bias=None, fc__stranger=np.ones(1))
    network.load_state_dict(state, strict=False)
    np.testing.assert_array_equal(network.fc.weight.data, state["fc.weight"])
    np.testing.assert_array_equal(network.fc.bias.data, old_bias)
    assert not hasattr(network.fc, "stranger")


# ---- modes --------------------------------------------------------------------------------------------------------


def test_train_and_eval_reach_every_module_inside():
    network = our_network()
    assert all(module.training for module in network.modules())
    assert network.eval() is network
    assert not any(module.training for module in network.modules())
    assert network.train() is network
    assert all(module.training for module in network.modules())
    network.train(False)
    assert not any(module.training for module in network.modules())


@pytest.mark.parametrize("mode", ["eval", None, 0])
def test_a_mode_is_true_or_false(mode):
    with pytest.raises(TypeError, match="train: mode is .*, expected True or False"):
        Tiny().train(mode)


def test_a_part_may_be_in_another_mode():
    network = our_network()
    network.blocks[1].eval()
    assert network.training
    assert not network.blocks[1].bn.training
    assert network.blocks[0].bn.training


def test_zero_grad():
    network = Tiny()
    network(Tensor(np.ones((1, 2), np.float32))).sum().backward()
    assert network.fc.weight.grad is not None
    gradient = network.fc.weight.grad
    network.zero_grad(set_to_none=False)
    assert network.fc.weight.grad is gradient
    np.testing.assert_array_equal(gradient, 0)
    assert network.bn.weight.grad is None  # it had none
    network.zero_grad()
    assert all(parameter.grad is None for parameter in network.parameters())


# ---- dtypes and devices -------------------------------------------------------------------------------------------


def test_double_and_float():
    network = our_network()
    assert network.double() is network
    for name, tensor in network.state_dict().items():
        assert tensor.dtype == (np.int64 if name.endswith("num_batches_tracked") else np.float64), name
    assert network.again.conv.weight is network.blocks[0].conv.weight
    network.float()
    assert {tensor.dtype for tensor in network.parameters()} == {np.dtype(np.float32)}


def test_to():
    network = Tiny()
    weight = network.fc.weight
    assert network.to("cpu") is network
    assert network.to(np.float64) is network
    assert network.to("cpu", np.float32).fc.weight is weight  # the Parameter stays, so an optimizer still has it
    assert weight.dtype == np.float32
    with pytest.raises(ValueError, match=r'device: got .gpu., expected "cpu"'):
        network.to("gpu")


def test_integers_cannot_be_trained():
    network = Tiny()
    with nothing_changes(network), pytest.raises(TypeError, match="to: dtype is int64, expected a floating dtype"):
        network.to(np.int64)


def test_tied_parameters_stay_tied_through_to():
    network = our_network().double()
    assert network.tied.weight is network.fc.weight


def test_after_to_the_network_trains():
    network = Tiny().double()
    network(Tensor(np.ones((1, 2)))).sum().backward()
    assert network.fc.weight.grad.dtype == np.float64


# ---- hooks --------------------------------------------------------------------------------------------------------


def test_hooks_see_module_inputs_and_output():
    network, seen = Tiny(), []
    network.fc.register_forward_hook(lambda module, inputs, output: seen.append((module, inputs, output)))
    x = Tensor(np.ones((1, 2), np.float32))
    y = network(x)
    ((module, inputs, output),) = seen
    assert module is network.fc
    assert inputs == (x,)
    assert output is y


def test_hooks_run_in_the_order_in_which_they_came_and_can_be_taken_away():
    network, calls = nn.ReLU(), []
    remove = [network.register_forward_hook(lambda *_, i=i: calls.append(i)) for i in range(3)]
    x = Tensor([1.0])
    network(x)
    remove[1]()
    network(x)
    remove[1]()  # once more does no harm
    assert calls == [0, 1, 2, 0, 2]
    remove[0]()
    remove[2]()
    network(x)
    assert len(calls) == 5


def test_the_same_hook_twice_is_called_twice_and_taken_away_once():
    network, calls = nn.ReLU(), []

    def hook(*_):
        calls.append(1)

    remove_first = network.register_forward_hook(hook)
    network.register_forward_hook(hook)
    network(Tensor([1.0]))
    remove_first()
    network(Tensor([1.0]))
    assert len(calls) == 3


def test_a_hook_that_takes_itself_away():
    network, calls = nn.ReLU(), []

    def once(*_):
        calls.append(1)
        remove()

    remove = network.register_forward_hook(once)
    network.register_forward_hook(lambda *_: calls.append(2))
    network(Tensor([1.0]))
    network(Tensor([1.0]))
    assert calls == [1, 2, 2]


def test_hooks_of_one_module_are_not_another_s():
    one, two, calls = nn.ReLU(), nn.ReLU(), []
    one.register_forward_hook(lambda *_: calls.append(1))
    two(Tensor([1.0]))
    assert calls == []


def test_hooks_are_no_part_of_the_state():
    network = Tiny()
    before = list(network.state_dict()), [name for name, _ in network.named_modules()]
    network.register_forward_hook(lambda *_: None)
    assert (list(network.state_dict()), [name for name, _ in network.named_modules()]) == before


# ---- the rest -----------------------------------------------------------------------------------------------------


def test_repr():
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Sequential(nn.ReLU(), nn.Dropout(0.2)))
    assert repr(network) == (
        "Sequential(\n"
        "  (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Dropout(p=0.2)\n"
        "  )\n"
        ")"
    )


def test_a_deep_copy_is_a_network_of_its_own():
    network = our_network()
    copied = copy.deepcopy(network)
    assert list(copied.state_dict()) == list(network.state_dict())
    assert copied.fc.weight is copied.tied.weight
    assert copied.fc.weight is not network.fc.weight
    network.fc.weight.data[:] = 0
    assert copied.fc.weight.data.any()


def test_a_parameter_is_a_leaf_that_requires_a_gradient():
    parameter = Parameter(np.ones(2))
    assert parameter.requires_grad
    assert parameter.is_leaf
    assert isinstance(parameter, Tensor)
    assert not Parameter(np.ones(2), requires_grad=False).requires_grad
    with pytest.raises(TypeError, match="requires_grad"):
        Parameter(np.ones(2, int))


def test_parameters_made_under_no_grad_are_still_trained():
    with mc.no_grad():
        layer = nn.Linear(2, 2)
    assert layer.weight.requires_grad
