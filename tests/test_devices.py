"""Tensors, gradients, files and batches on every device, and their way from one to the other."""

import numpy as np
import pytest
from support import fetch, put, quiet

import minicnn as mc
import minicnn.functional as F
from minicnn import Tensor, backend, nn, rng
from minicnn.data import ArrayDataset, DataLoader
from minicnn.function import Function

not_the_cpu = pytest.mark.devices("strict", "cuda")
X = np.random.default_rng(3).standard_normal((3, 4))


def place(device):
    """What a Tensor there calls its device."""
    return "cpu" if device == "cpu" else "cuda:0"


# ---- tensors ------------------------------------------------------------------------------------------------------


def test_a_tensor_is_made_on_a_device_and_moved(device):
    t = mc.tensor(X, device=device)
    assert t.device == place(device)
    assert isinstance(t.numpy(), np.ndarray)
    np.testing.assert_array_equal(t.numpy(), X)
    np.testing.assert_array_equal(t.to("cpu").data, X)
    np.testing.assert_array_equal(Tensor(X).to(device).numpy(), X)
    assert mc.tensor([1.0, 2.0], device=device).dtype == np.float32
    assert mc.tensor([1, 2], dtype=np.float64, device=device).numpy().tolist() == [1, 2]


def test_what_shows_numbers(device):
    t = mc.tensor([[1.5, -2.0]], device=device)
    where = "" if device == "cpu" else ", device='cuda:0'"
    assert repr(t) == f"Tensor([[ 1.5, -2. ]], dtype=float32{where})"
    assert t.sum().item() == float(t.sum()) == -0.5
    assert bool(t.sum()) and not bool(t.sum() * 0)
    assert len(t) == 1
    assert [row.numpy().tolist() for row in t] == [[1.5, -2.0]]
    np.testing.assert_array_equal(np.asarray(t), [[1.5, -2.0]])


def test_operators_with_numbers_and_arrays(device):
    t, array = mc.tensor(X, device=device), put(X + 5, device)
    for y, expected in [
        (1 - t, 1 - X), (t / 2, X / 2), (2 ** t, 2**X), (t * np.float64(3), X * 3), (np.float64(3) * t, X * 3),
        (t + array, 2 * X + 5), (array + t, 2 * X + 5), (t * array, X * (X + 5)), (array / t, (X + 5) / X),
        (t @ array.T, X @ (X + 5).T), (array[0] @ t.T, (X + 5)[0] @ X.T),
    ]:  # fmt: skip
        assert y.device == place(device)
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12)


@not_the_cpu
@pytest.mark.parametrize(
    "mix", [lambda a, b: a + b, lambda a, b: b * a, lambda a, b: a @ b.T, lambda a, b: F.concat([a, b])]
)
def test_two_devices_do_not_mix(device, mix):
    with pytest.raises(TypeError, match=r"is on (cpu|cuda:0), .*on (cuda:0|cpu)"):
        mix(mc.tensor(X, device=device), Tensor(X))


# ---- the walk back ------------------------------------------------------------------------------------------------


def test_gradients_of_a_graph_with_branches(device):
    """The same numbers as on the CPU, without waiting for the device."""

    def gradients(device):
        a, b = (mc.tensor(x, requires_grad=True, device=device) for x in (X, X + 3))
        with quiet():
            c = (a * b).sum(axis=0) + b
            y = (c * c + a.exp() - (a * a + 1).sqrt() * c[0]).mean() + (a - b).max()
            y.backward()
            (2 * a).sum().backward()  # adds to what is there
        assert a.grad is not None and backend.device_of(a.grad) == place(device)
        return [y.item(), *fetch(a.grad).flat, *fetch(b.grad).flat]

    np.testing.assert_allclose(gradients(device), gradients("cpu"), rtol=1e-12)


def test_a_cotangent_may_be_a_tensor_an_array_or_a_list(device):
    expected = 2 * X[0] * [1, 2, 3, 4]
    cotangent = np.array([1.0, 2.0, 3.0, 4.0])
    for given in (mc.tensor(cotangent, device=device), put(cotangent, device), [1.0, 2.0, 3.0, 4.0]):
        t = mc.tensor(X[0], requires_grad=True, device=device)
        y = t * t
        with quiet(uploads=isinstance(given, list)):
            y.backward(given)
        np.testing.assert_allclose(fetch(t.grad), expected)


@not_the_cpu
def test_a_cotangent_on_another_device_is_refused(device):
    here, there = Tensor(X, requires_grad=True), mc.tensor(X, requires_grad=True, device=device)
    for t, gradient in ((here, there.data), (here, there.detach()), (there, X), (there, Tensor(X))):
        with pytest.raises(TypeError, match="^arrays on different devices: "):
            t.backward(gradient)


def test_a_tensor_goes_to_a_device_within_the_graph(device):
    x = Tensor(X, requires_grad=True)
    y = x.to(device)
    (y * y).sum().to("cpu").backward()
    assert isinstance(x.grad, np.ndarray)
    np.testing.assert_array_equal(x.grad, 2 * X)


def test_gradcheck(device):
    x, w = mc.tensor(X, device=device), mc.tensor(X.T.copy(), device=device)
    assert mc.gradcheck(lambda x, w: F.relu(x @ w).exp(), [x, w])  # some elements near the kink of ReLU
    assert mc.gradcheck(lambda x: F.dropout(x, 0.5), [x], directions=2)
    assert x.device == place(device)


class HalfTheGradient(Function):
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, grad_y):
        return grad_y * self.x


@pytest.mark.parametrize("directions", [None, 2])
def test_gradcheck_rejects_a_wrong_gradient(device, directions):
    with pytest.raises(mc.GradCheckError, match=r"the gradient of inputs\[0\]"):
        mc.gradcheck(lambda x: HalfTheGradient()(x), [mc.tensor(X, device=device)], directions=directions)


# ---- modules, files, batches, random numbers ----------------------------------------------------------------------


def network():
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 16, 4)
    )


def test_a_module_moves_with_parameters_and_buffers(device):
    model = network().to(device)
    assert {t.device for t in model.state_dict().values()} == {place(device)}
    model(mc.tensor(np.ones((2, 2, 4, 4), np.float32), device=device)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.to("cpu")
    assert {t.device for t in model.state_dict().values()} == {"cpu"}
    assert all(p.grad is None for p in model.parameters())
    assert model.to(device).double()[0].weight.dtype == np.float64


def test_a_state_dict_is_loaded_from_either_device(device):
    first, second, third = network().to(device), network(), network().to(device)
    second.load_state_dict(first.state_dict())
    assert {t.device for t in second.state_dict().values()} == {"cpu"}
    third.load_state_dict(second.state_dict())
    assert {t.device for t in third.state_dict().values()} == {place(device)}
    for model in (second, third):
        for name, tensor in model.state_dict().items():
            np.testing.assert_array_equal(tensor.numpy(), first.state_dict()[name].numpy())


def test_files_hold_the_same_bytes_from_either_device(device, tmp_path):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensor = mc.tensor(array, device=device)
    mc.save({"a": tensor, "b": tensor.data.T, "c": tensor.sum()}, tmp_path / "there")
    mc.save({"a": array, "b": array.T, "c": array.sum(keepdims=True)[0, 0, ...]}, tmp_path / "here")
    assert (tmp_path / "there").read_bytes() == (tmp_path / "here").read_bytes()
    loaded = mc.load(tmp_path / "there")
    assert loaded["a"].device == "cpu"
    np.testing.assert_array_equal(loaded["b"].to(device).numpy(), array.T)


def test_initial_weights_are_the_same_on_every_device(device):
    mc.manual_seed(1)
    expected = nn.init.kaiming_normal_(Tensor(np.empty((4, 5), np.float32))).data
    mc.manual_seed(1)
    found = nn.init.kaiming_normal_(mc.tensor(np.empty((4, 5), np.float32), device=device))
    assert found.device == place(device)
    np.testing.assert_array_equal(found.numpy(), expected)


def test_random_numbers_of_a_device_are_repeated_by_the_seed(device):
    ones = mc.tensor(np.ones((100, 20), np.float32), device=device)
    drawn = []
    for seed in (5, 5, 6):
        mc.manual_seed(seed)
        drawn.append([F.dropout(ones).numpy() for _ in range(2)])
        assert rng.get_state() == {"seed": seed, "draws": 2}
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0][0] != drawn[0][1]).any()
    assert (drawn[0][0] != drawn[2][0]).any()
    assert 0.4 < np.mean(drawn[0][0] == 0) < 0.6


def test_batches_go_to_a_device(device):
    x, targets = np.arange(24.0).reshape(6, 4), np.arange(6) % 4
    for batch, labels in DataLoader(ArrayDataset(x, targets), batch_size=4, shuffle=True, num_workers=1):
        t = mc.tensor(batch, device=device)
        np.testing.assert_array_equal(t.numpy(), batch)
        loss = F.cross_entropy(t, labels)
        there = F.cross_entropy(t, mc.tensor(labels, device=device))  # labels may be there already
        np.testing.assert_array_equal(loss.numpy(), there.numpy())
        assert loss.device == place(device)


@pytest.mark.parametrize("wrong", [[0, 4], [-1, 0]])
def test_labels_from_the_cpu_that_are_no_class_are_refused(device, wrong):
    with pytest.raises(ValueError, match=r"targets\[[01]\] is (4|-1), expected a class from 0 to 3"):
        F.cross_entropy(mc.tensor(np.zeros((2, 4)), device=device), wrong)
