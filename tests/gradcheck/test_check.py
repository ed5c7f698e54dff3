"""The gradient checker: it lets right gradients pass, rejects every broken one, and says what is wrong with it."""

import contextlib

import numpy as np
import pytest
from support import raises

import minicnn as mc
import minicnn.functional as F
from minicnn import GradCheckError, Tensor, backend, gradcheck, nn, rng
from minicnn.function import Function
from minicnn.functional.activation import ReLU, Softmax
from minicnn.functional.basic import Mean
from minicnn.functional.convolution import Conv2d
from minicnn.functional.dropout import Dropout
from minicnn.functional.linear import Linear
from minicnn.functional.pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from minicnn.functional.shape import Transpose


def leaf(*shape, seed=0):
    return Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True)


def broken(operation, spoil):
    """The same operation, with `spoil(gradients)` in place of the gradients that its backward returns."""

    class Broken(operation):
        def backward(self, grad_y):
            gradients = super().backward(grad_y)
            if isinstance(gradients, tuple):
                return tuple(None if g is None else np.ascontiguousarray(g) for g in spoil(*gradients))
            return np.ascontiguousarray(spoil(gradients))

    return Broken


def rejected(fn, *inputs, **options):
    """What gradcheck says about a function that it must not let pass."""
    with pytest.raises(GradCheckError) as error:
        gradcheck(fn, list(inputs), **options)
    message = str(error.value)
    assert message.startswith("gradcheck: ")
    return message


# ---- right gradients ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "shapes"),
    [
        (lambda a, b: a * b + a / (b * b + 1), [(2, 3), (3,)]),
        (lambda a, b: a @ b, [(2, 3), (3, 2)]),
        (lambda x: x.exp().mean(axis=1), [(2, 3)]),
        (lambda x: F.softmax(x, 1), [(2, 3)]),
        (lambda x: F.log_softmax(x, 0), [(2, 3)]),
        (lambda x: F.cross_entropy(x, [2, 0]), [(2, 3)]),
        (lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1), [(2, 2, 5, 5), (3, 2, 3, 3), (3,)]),
        (lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True), [(1, 2, 5, 5)]),
        (lambda x: F.relu(x), [(3, 4)]),
        (lambda x: x * 1.0, [()]),
    ],
)
def test_right_gradients_pass(fn, shapes):
    assert gradcheck(fn, [leaf(*shape, seed=i) for i, shape in enumerate(shapes)]) is True


def test_one_tensor_need_not_be_in_a_list():
    assert gradcheck(lambda x: x * x, leaf(3)) is True


def test_several_outputs_are_checked_together():
    assert gradcheck(lambda x: (x * x, x.exp()), leaf(3))
    wrong = broken(ReLU, lambda g: 2 * g)
    for fn in (lambda x: (x * x, wrong(False)(x)), lambda x: (wrong(False)(x), x * x)):
        rejected(fn, leaf(3))


def test_inputs_that_need_no_gradient_are_not_checked():
    wrong_for_weight = broken(Linear, lambda gx, gw, gb: (gx, None if gw is None else 2 * gw, gb))
    x, weight = leaf(2, 3), Tensor(np.ones((2, 3)))
    with pytest.raises(GradCheckError, match=r"inputs\[1\]"):
        gradcheck(lambda x, w: wrong_for_weight()(x, w, None), [x, leaf(2, 3, seed=1)])
    assert gradcheck(lambda x, w: wrong_for_weight()(x, w, None), [x, weight])


def test_all_inputs_are_checked_where_none_asks_for_it():
    x = Tensor(np.array([1.0, 2.0]))
    assert gradcheck(lambda x: x * x, x)
    assert not x.requires_grad
    with pytest.raises(GradCheckError):
        gradcheck(lambda x: broken(ReLU, lambda g: 2 * g)(False)(x), Tensor(np.array([1.0, 2.0])))


def test_parameters_of_a_module_as_inputs():
    layer = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(8, 2)).double()
    x = leaf(2, 1, 4, 4)
    assert gradcheck(lambda x, *_: layer(x), [x, *layer.parameters()])
    layer[0].forward = lambda x: broken(Conv2d, lambda gx, gw, gb: (gx, -gw, gb))(1, 0)(
        x, layer[0].weight, layer[0].bias
    )
    message = rejected(lambda x, *_: layer(x), x, *layer.parameters())
    assert "inputs[1]" in message
    assert "wrong sign" in message


def test_inside_no_grad_the_check_still_checks():
    wrong = broken(ReLU, lambda g: 2 * g)
    with mc.no_grad(), pytest.raises(GradCheckError):
        gradcheck(lambda x: wrong(False)(x), leaf(3))


# ---- broken gradients ---------------------------------------------------------------------------------------------


def zero_border(g):
    inside = np.zeros_like(g)
    inside[..., 1:-1, 1:-1] = g[..., 1:-1, 1:-1]
    return inside


def one_offset_wrong(gx, gw, gb):
    gw = gw.copy()
    gw[:, :, 0, 2] += 0.5
    return gx, gw, gb


def first_item_only(operation):
    """The weight's gradient is that of the first image alone, as where a loop over the batch forgets to add up."""

    class FirstOnly(operation):
        def backward(self, grad_y):
            others_left_out = grad_y.copy()
            others_left_out[1:] = 0
            return super().backward(grad_y)[0], *super().backward(others_left_out)[1:]

    return FirstOnly


class LastItemOnly(Linear):
    def backward(self, grad_y):
        others_left_out = grad_y.copy()
        others_left_out[:-1] = 0
        return super().backward(grad_y)[0], *super().backward(others_left_out)[1:]


class NoMask(ReLU):
    def backward(self, grad_y):
        return grad_y


class HalfMask(ReLU):
    """Leaves out what is positive but small, too."""

    def backward(self, grad_y):
        return grad_y * (self.y > 0.5)


class OverlapsOverwritten(AvgPool2d):
    """Where windows overlap, the last one's gradient stands there alone."""

    def backward(self, grad_y):
        grad_x = np.zeros(self.x_shape)
        for i in range(grad_y.shape[2]):
            for j in range(grad_y.shape[3]):
                grad_x[:, :, i : i + 2, j : j + 2] = grad_y[:, :, i : i + 1, j : j + 1] / 4
        return grad_x


def conv(operation):
    return lambda x, w, b: operation(1, 1)(x, w, b)


IMAGE = [(2, 2, 5, 5), (3, 2, 3, 3), (3,)]  # x, weight and bias of a convolution

MUTANTS = {
    "softmax times 7": (lambda x: broken(Softmax, lambda g: 7 * g)(1)(x), [(2, 3)], "the right one times 7"),
    "sign": (lambda x: broken(ReLU, lambda g: -g)(False)(x), [(3, 4)], "the wrong sign"),
    "times N": (
        lambda x: broken(Mean, lambda g: 5 * g)(0, False)(x),
        [(5, 3)],
        "the right one times 5, the size of axis 0",
    ),
    "factor 1/N": (
        lambda x: broken(Softmax, lambda g: g / len(g))(1)(x),
        [(5, 3)],
        "times 0.2, 1 / the size of axis 0",
    ),
    "factor H*W": (
        lambda x: broken(AdaptiveAvgPool2d, lambda g: 42 * g)(1)(x),
        [(2, 3, 6, 7)],
        "the right one times 42, the size of axes 2, 3",
    ),
    "minus 1/H": (
        lambda x: broken(AdaptiveAvgPool2d, lambda g: -g / 6)(1)(x),
        [(2, 3, 6, 7)],
        "1 / the size of axis 2",
    ),
    "zero": (lambda x: broken(ReLU, lambda g: 0 * g)(False)(x), [(3, 4)], "zero everywhere"),
    "transposed": (
        lambda x, w: broken(Linear, lambda gx, gw, gb: (gx, gw.T, gb))()(x, w, None),
        [(4, 3), (3, 3)],
        "transposed: the right one with its axes in the order (1, 0)",
    ),
    "axes in the wrong order": (
        lambda x: broken(Transpose, lambda g: g.transpose(0, 2, 1))((0, 2, 1))(x),
        [(2, 3, 3)],
        "axes in the order (0, 2, 1)",
    ),
    "flipped kernel": (
        conv(broken(Conv2d, lambda gx, gw, gb: (gx, gw[:, :, ::-1, ::-1], gb))),
        IMAGE,
        "reversed along axis 2, 3",
    ),
    "flipped channels": (
        conv(broken(Conv2d, lambda gx, gw, gb: (gx, gw[:, ::-1], gb))),
        IMAGE,
        "reversed along axis 1",
    ),
    "first item of the batch only": (conv(first_item_only(Conv2d)), IMAGE, "the first item of the batch alone"),
    "last item of the batch only": (
        lambda x, w, b: LastItemOnly()(x, w, b),
        [(4, 3), (2, 3), (2,)],
        "the last item of the batch alone",
    ),
    "border wrong": (
        conv(broken(Conv2d, lambda gx, gw, gb: (1.5 * gx - 0.5 * zero_border(gx), gw, gb))),
        IMAGE,
        "Only the border of the last two axes is wrong",
    ),
    "border zero": (
        conv(broken(Conv2d, lambda gx, gw, gb: (zero_border(gx), gw, gb))),
        IMAGE,
        "Only the border of the last two axes is wrong: look at the padding. Backward says 0 there",
    ),
    "one kernel offset wrong": (
        conv(broken(Conv2d, one_offset_wrong)),
        IMAGE,
        "Only index 0 of axis 2, 2 of axis 3 is wrong",
    ),
    "one channel wrong": (
        conv(broken(Conv2d, lambda gx, gw, gb: (gx, gw, gb + np.array([0, 1, 0])))),
        IMAGE,
        "Only index 1 of axis 0 is wrong",
    ),
    "mask off": (lambda x: NoMask(False)(x), [(4, 5)], "mask"),
    "mask too narrow": (lambda x: HalfMask(False)(x), [(4, 5)], "mask"),
    "overlaps overwritten": (lambda x: OverlapsOverwritten(2, 1, 0, False, True)(x), [(2, 2, 4, 4)], ""),
    "ones": (lambda x: broken(ReLU, np.ones_like)(False)(x), [(3, 4)], ""),
    "noise": (
        lambda x: broken(ReLU, lambda g: g + 1e-3 * np.random.default_rng(0).standard_normal(g.shape))(False)(x),
        [(3, 4)],
        "",
    ),
    "nan": (
        lambda x: broken(ReLU, lambda g: np.where(np.arange(g.size).reshape(g.shape) == 5, np.nan, g))(False)(x),
        [(3, 4)],
        "not finite in 1 elements",
    ),
    "infinity": (lambda x: broken(ReLU, lambda g: g + np.inf)(False)(x), [(3, 4)], "not finite in 12 elements"),
    "ties get the gradient twice": (
        lambda x: broken(MaxPool2d, lambda g: g + np.roll(g, 1, axis=3))(2, 2, 0, False)(x),
        [(1, 2, 4, 4)],
        "",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_backward_is_rejected_and_its_mistake_named(name):
    fn, shapes, mistake = MUTANTS[name]
    inputs = [leaf(*shape, seed=i) for i, shape in enumerate(shapes)]
    message = rejected(fn, *inputs)
    assert mistake in message
    assert "backward says" in message
    for part in ("inputs[", "shape (", "elements; the worst is [", "the difference"):
        assert part in message


@pytest.mark.parametrize("name", MUTANTS)
def test_directions_reject_a_broken_backward_too(name):
    fn, shapes, _ = MUTANTS[name]
    inputs = [leaf(*shape, seed=i) for i, shape in enumerate(shapes)]
    message = rejected(fn, *inputs, directions=3)
    assert "inputs[" in message


@pytest.mark.parametrize("seed", range(5))
def test_a_cotangent_of_ones_would_have_let_this_pass(seed):
    """The reason why the cotangent is random: softmax's gradients for ones are 0, whatever one multiplies them with."""
    wrong = broken(Softmax, lambda g: 7 * g)
    x = leaf(2, 3, seed=seed)
    wrong(1)(x).sum().backward()
    np.testing.assert_allclose(x.grad, 0, atol=1e-15)
    rejected(lambda x: wrong(1)(x), x, seed=seed)


def test_gradients_overwritten_at_fan_out(monkeypatch):
    monkeypatch.setattr(backend, "add", lambda a, b: b)
    for fn in (lambda x: x * x, lambda x: x * 2 + x.exp()):
        message = rejected(fn, leaf(3))
        assert "Where a tensor is used more than once" in message
        assert "it is overwritten instead of added" in message
    assert gradcheck(lambda x: x.exp(), leaf(3))


def test_the_message_gives_both_values_of_the_worst_element():
    class Off(Function):
        def forward(self, x):
            return x * 1

        def backward(self, grad_y):
            grad_x = grad_y.copy()
            grad_x[1, 2] += 50
            grad_x[0, 1] += 1
            return grad_x

    message = rejected(lambda x: Off()(x), leaf(2, 3))
    assert "inputs[0], shape (2, 3), is wrong in 2 of 6 elements; the worst is [1, 2]" in message
    found, expected = message.split("backward says ")[1].split(", the difference ")
    assert float(found) - float(expected.split()[0].rstrip(".")) == pytest.approx(50, rel=1e-4)


def test_the_error_as_data():
    """`input` and `index` say where, `hypothesis` is the sentence of the message that names the mistake."""
    wrong = broken(Linear, lambda gx, gw, gb: (gx, None if gw is None else gw * np.array([[1, 1, 1], [1, -1, 1]]), gb))
    with pytest.raises(GradCheckError) as error:
        gradcheck(lambda x, w: wrong()(x, w, None), [leaf(4, 3), leaf(2, 3, seed=1)])
    assert (error.value.input, error.value.index) == (1, (1, 1))
    assert error.value.hypothesis.startswith("It has the wrong sign in 1 of 6 elements")
    assert error.value.hypothesis in str(error.value)
    with pytest.raises(GradCheckError) as error:
        gradcheck(lambda a, b: a * a + 0 * b, [leaf(3), leaf(3, seed=1)], directions=2)
    assert (error.value.input, error.value.index, error.value.hypothesis) == (1, None, "")


def test_the_gradient_of_a_number_without_axes():
    class Twice(Function):
        def forward(self, x):
            return x * 1

        def backward(self, grad_y):
            return np.asarray(2 * grad_y)

    message = rejected(lambda x: Twice()(x), Tensor(np.array(3.0), requires_grad=True))
    assert "shape (), is wrong in 1 of 1 elements; the worst is []" in message
    assert "It is the right one times 2." in message


def test_wrong_for_memory_that_is_not_contiguous():
    class Contiguous(Function):
        def forward(self, x):
            self.x = x
            return x * x

        def backward(self, grad_y):
            if self.x.flags.c_contiguous:
                return 2 * self.x * grad_y
            return 2 * self.x.ravel(order="K").reshape(self.x.shape) * grad_y  # reads the memory in its own order

    assert "contiguous" in rejected(lambda x: Contiguous()(x), leaf(3, 4))


def test_wrong_for_a_cotangent_that_is_not_contiguous():
    class Contiguous(Function):
        def forward(self, x):
            return 3 * x

        def backward(self, grad_y):
            return 3 * (grad_y if grad_y.flags.c_contiguous else grad_y.ravel(order="K").reshape(grad_y.shape))

    assert "strided" in rejected(lambda x: Contiguous()(x), leaf(3, 4))


def test_wrong_results_for_memory_that_is_not_contiguous():
    class ForwardToo(Function):
        def forward(self, x):
            return 3 * (x if x.flags.c_contiguous else x.ravel(order="K").reshape(x.shape))

        def backward(self, grad_y):
            return 3 * grad_y

    rejected(lambda x: ForwardToo()(x) * x, leaf(3, 4))


def test_a_backward_that_changes_its_cotangent(device):
    """On the CPU the line that does so raises; on a GPU, where nothing stops it, the cotangents are compared."""

    class Greedy(Function):
        def forward(self, x):
            return 2 * x

        def backward(self, grad_y):
            grad_y *= 2
            return grad_y.copy()

    x = leaf(3).to(device).detach()
    assert "greedy changed the gradient it was given" in rejected(lambda x: Greedy()(x), x)


def test_a_backward_that_changes_its_input():
    class Careless(Function):
        def forward(self, x):
            self.x = x
            return x * x

        def backward(self, grad_y):
            self.x *= 2
            return self.x * grad_y

    message = rejected(lambda a, b: a * Careless()(b), leaf(3), leaf(3, seed=1))
    assert "changed inputs[1]" in message


class Careless(Function):
    """y = 2 a b, after a few of its inputs' numbers were changed: those of `whom`, where `when` says so."""

    def __init__(self, whom, when=lambda x: True):
        self.whom, self.when = whom, when

    def forward(self, *inputs):
        if self.when(inputs[self.whom]):
            inputs[self.whom][-1] = 0.5
        self.a, self.b = (x.copy() for x in inputs)
        return 2 * self.a * self.b

    def backward(self, grad_y):
        return 2 * self.b * grad_y, 2 * self.a * grad_y


@pytest.mark.parametrize("whom", [0, 1])
@pytest.mark.parametrize("when", [lambda x: True, lambda x: not x.flags.c_contiguous], ids=["always", "strided"])
def test_a_forward_that_changes_an_input_or_a_constant(whom, when):
    a, b = leaf(3), Tensor(leaf(3, seed=1).data)  # b is a constant
    message = rejected(lambda a, b: Careless(whom, when)(a, b), a, b)
    assert message.endswith(f" changed inputs[{whom}]; it must compute with a copy")
    assert 0.5 not in a.data and 0.5 not in b.data


def test_a_forward_may_change_what_it_has_made_itself():
    assert gradcheck(lambda x, w: F.relu(x * w, inplace=True) + x, [leaf(3), Tensor(leaf(3, seed=1).data)])


@pytest.mark.parametrize("inputs", [np.ones(3), [np.ones(3)], [Tensor(np.ones(3)), np.ones(3)]])
def test_inputs_that_are_no_tensors_are_refused(inputs):
    number = len(inputs) - 1 if isinstance(inputs, list) else 0
    with raises(TypeError, f"gradcheck: inputs[{number}] is ndarray, expected a Tensor; write Tensor(array)"):
        gradcheck(lambda *x: x[0], inputs)


@pytest.mark.parametrize("result", [None, np.ones(3), (Tensor(np.ones(3)), None)])
def test_a_function_that_returns_no_tensor_is_refused(result):
    with raises(TypeError, "gradcheck: fn returned ", ", expected a Tensor or a tuple of them"):
        gradcheck(lambda x: result, leaf(3))


@pytest.mark.filterwarnings("error")  # of its own grad, which a result has not
def test_an_input_may_be_the_result_of_an_operation():
    x = leaf(3) * 2
    creator = x.creator
    assert gradcheck(lambda x: x.exp(), x)
    assert x.creator is creator


def test_a_random_backward_is_rejected():
    random = np.random.default_rng(0)
    rejected(lambda x: broken(ReLU, lambda g: g * random.uniform(0.5, 1.5))(False)(x), leaf(3, 4))


# ---- kinks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.0, 1e-7, -1e-7, 5e-7])
def test_a_point_near_the_kink_of_relu_is_moved_away(value):
    x = Tensor(np.array([value, 1.0, -1.0, value]), requires_grad=True)
    assert gradcheck(lambda x: F.relu(x), x)
    np.testing.assert_array_equal(x.data, [value, 1, -1, value])  # in the end everything is as it was


def test_relu_is_checked_on_both_sides_of_its_kink():
    """All elements at the kink are moved, some to either side: a backward that passes everything must not get away."""
    rejected(lambda x: NoMask(False)(x), Tensor(np.zeros(20), requires_grad=True))
    rejected(lambda x: broken(ReLU, lambda g: 0 * g)(False)(x), Tensor(np.zeros(20), requires_grad=True))


def test_ties_in_max_pooling_are_moved_apart():
    assert gradcheck(lambda x: F.max_pool2d(x, 2), Tensor(np.ones((1, 2, 4, 4)), requires_grad=True))
    assert gradcheck(lambda x: F.max_pool2d(x, 3, 1, 1), Tensor(np.zeros((1, 1, 4, 4)), requires_grad=True))
    assert gradcheck(lambda x: x.max(axis=1), Tensor(np.array([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0]]), requires_grad=True))


def test_kinks_in_the_middle_of_a_function():
    a = Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True)
    b = Tensor(np.array([1.0, 2.0, 4.0]), requires_grad=True)
    assert gradcheck(lambda a, b: F.relu(a - b), [a, b])


def test_a_smooth_function_of_large_curvature_is_no_kink():
    assert gradcheck(lambda x: (30 * x).exp(), Tensor(np.array([0.0, 0.1]), requires_grad=True))


def test_a_function_with_kinks_everywhere_is_refused():
    class Sawtooth(Function):
        def forward(self, x):
            return np.abs((x * 0.77e7) % 2 - 1) * 1e-3

        def backward(self, grad_y):
            return grad_y * 0

    with pytest.raises(GradCheckError):
        gradcheck(lambda x: Sawtooth()(x), leaf(4))


# ---- nothing would be proven --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fn",
    [
        lambda x: x * 0,
        lambda x: F.softmax(x, 1).sum(),
        lambda x: F.softmax(x, 1).sum(axis=1),
        lambda x: x - x,
        lambda x: Tensor(np.ones(3)) * 2,
        lambda x: F.relu(x - 100),
        lambda x: x.detach().detach() * 0 + 1,
    ],
)
@pytest.mark.parametrize("directions", [None, 2])
def test_a_gradient_that_vanishes_is_refused(fn, directions):
    message = rejected(fn, leaf(2, 3), directions=directions)
    assert "inputs[0]" in message
    assert "zero" in message


def test_one_input_without_influence_is_refused_and_named():
    message = rejected(lambda a, b: a * a + 0 * b, leaf(3), leaf(3, seed=1))
    assert "inputs[1]" in message


def test_an_input_cut_out_of_the_graph_is_found():
    assert "zero everywhere" in rejected(lambda x: x.detach() * 2, leaf(3))
    assert "times 0.5" in rejected(lambda x: x + x.detach(), leaf(3))


def test_a_small_but_true_gradient_is_checked():
    assert gradcheck(lambda x: 1e-4 * x, leaf(3))


def test_float32_is_refused():
    for inputs in ([Tensor(np.ones(3, np.float32), requires_grad=True)], [leaf(3), Tensor([1.0], requires_grad=True)]):
        with pytest.raises(TypeError, match=rf"gradcheck: inputs\[{len(inputs) - 1}\] is float32, expected float64"):
            gradcheck(lambda *x: x[0] * 2, inputs)


def test_integers_among_the_inputs_are_passed_on():
    targets = Tensor([0, 2])
    assert gradcheck(lambda x, t: F.cross_entropy(x, t), [leaf(2, 3), targets])


# ---- options ------------------------------------------------------------------------------------------------------


def test_tolerances():
    slightly_off = broken(ReLU, lambda g: g * 1.001)
    rejected(lambda x: slightly_off(False)(x), leaf(3, 4))
    assert gradcheck(lambda x: slightly_off(False)(x), leaf(3, 4), rtol=1e-2)
    off_by_little = broken(ReLU, lambda g: g + 1e-3)
    rejected(lambda x: off_by_little(False)(x), leaf(3, 4))
    assert gradcheck(lambda x: off_by_little(False)(x), leaf(3, 4), atol=1e-2)


def test_eps():
    """The truth at the middle of a step of 0.1 differs from that of an x^3 by eps^2."""
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    assert gradcheck(lambda x: x**3, x)
    rejected(lambda x: x**3, x, eps=0.1, rtol=1e-6, atol=1e-6)


class Look(Function):
    """y = x, with a record of the cotangents that backward was given."""

    def __init__(self, seen):
        self.seen = seen

    def forward(self, x):
        return x * 1

    def backward(self, grad_y):
        self.seen.append(grad_y.copy())
        return grad_y


def test_the_seed_decides_the_cotangent():
    seen = []
    for seed in (0, 0, 1):
        gradcheck(lambda x: Look(seen)(x), leaf(3), seed=seed)
    per_check = len(seen) // 3
    np.testing.assert_array_equal(seen[0], seen[per_check])
    assert (seen[0] != seen[2 * per_check]).all()
    assert len(set(np.abs(seen[0]).tolist())) == 3  # not ones


@pytest.mark.parametrize("seed", [0, 1])
def test_the_cotangent_is_not_what_the_same_seed_gives_to_the_inputs(seed):
    """Inputs are mostly made by default_rng(0): a cotangent that equals x makes x^T grad_y symmetric, for one."""
    seen = []
    x = leaf(4, 3, seed=seed)
    gradcheck(lambda x: Look(seen)(x), x, seed=seed)
    assert not np.allclose(seen[0], x.data)


def test_directions_pass_right_gradients():
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 4)).double()
    assert gradcheck(lambda x, *_: model(x), [leaf(2, 1, 4, 4), *model.parameters()], directions=3)


def test_directions_name_the_input():
    wrong = broken(Linear, lambda gx, gw, gb: (gx, gw, 2 * gb))
    message = rejected(lambda x, w, b: wrong()(x, w, b), leaf(4, 3), leaf(2, 3), leaf(2), directions=2)
    assert "inputs[2]" in message
    assert "random directions" in message


# ---- dropout, and leaving everything as it was --------------------------------------------------------------------


def test_dropout_draws_the_same_mask_every_time():
    assert gradcheck(lambda x: F.dropout(x, 0.5) * F.dropout(x, 0.3), leaf(4, 5))
    assert gradcheck(lambda x: F.dropout(x, 0.5), leaf(4, 5), directions=2)


def test_dropout_with_a_mask_forgotten_is_rejected():
    class NoMaskBack(Dropout):
        def backward(self, grad_y):
            return grad_y / (1 - self.p)

    rejected(lambda x: NoMaskBack(0.5)(x), leaf(4, 5))


@pytest.mark.parametrize("ok", [True, False])
def test_the_random_state_is_left_as_if_fn_had_been_called_no_time_or_once(ok):
    fn = (lambda x: F.dropout(x, 0.5)) if ok else (lambda x: F.dropout(broken(ReLU, lambda g: -g)(False)(x), 0.5))
    before = rng.get_state()
    with contextlib.suppress(GradCheckError):
        gradcheck(fn, leaf(4, 5))
    assert rng.get_state()["seed"] == before["seed"]
    assert rng.get_state()["draws"] - before["draws"] <= 1


def fails(x):
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("fn", "error"),
    [
        (lambda x: x * x, None),
        (lambda x: broken(ReLU, lambda g: -g)(False)(x), GradCheckError),
        (lambda x: x * 0, GradCheckError),
        (fails, ZeroDivisionError),
    ],
)
@pytest.mark.parametrize("directions", [None, 2])
def test_inputs_are_restored_exactly(fn, error, directions):
    data, grad = np.array([0.0, 1.0, 0.0, -2.0]), np.ones(4)  # two at ReLU's kink
    x = Tensor(data, requires_grad=True)
    x.grad = grad
    before = data.copy()
    if error is None:
        gradcheck(fn, x, directions=directions)
    else:
        with pytest.raises(error):
            gradcheck(fn, x, directions=directions)
    assert x.data is data
    assert x.grad is grad
    assert x.requires_grad is True
    np.testing.assert_array_equal(data, before)
    np.testing.assert_array_equal(grad, np.ones(4))


def test_inputs_that_cannot_be_written_to_are_copied():
    data = np.ones(3)
    data.flags.writeable = False
    assert gradcheck(lambda x: x * x, Tensor(data, requires_grad=True))


def test_an_input_that_is_not_contiguous():
    x = Tensor(np.random.default_rng(0).standard_normal((4, 6))[::2, ::-2], requires_grad=True)
    assert gradcheck(lambda x: x * x, x)


def test_the_same_tensor_twice_among_the_inputs():
    x = leaf(3)
    assert gradcheck(lambda a, b: a * b, [x, x])


def test_no_inputs():
    with pytest.raises((ValueError, TypeError, GradCheckError)):
        gradcheck(lambda: Tensor([1.0]), [])
