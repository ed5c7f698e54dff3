import math

import numpy as np
import pytest
from support import Case, OperationTest, leaf, put, quiet, raises, tensor, torch

import minicnn as mc
import minicnn.functional as F
from minicnn.functional.loss import check_targets


def naive_cross_entropy(logits, targets, reduction="mean", label_smoothing=0.0, weight=None):
    """-sum over k of w[k] q[k] log p[k], p = softmax(logits); q is s/K for all, and 1 - s more for the target.

    The mean divides by the sum of the targets' w. Where targets has rows, their elements are the q, and the mean
    divides by the number of rows.
    """
    losses, classes = [], logits.shape[1]
    probabilities = np.ndim(targets) == 2
    weight = [1.0] * classes if weight is None else weight
    for row, target in zip(logits, targets, strict=True):
        p = [math.exp(logit) / math.fsum(math.exp(other) for other in row) for logit in row]
        is_target = target if probabilities else [k == target for k in range(classes)]
        q = [label_smoothing / classes + (1 - label_smoothing) * is_target[k] for k in range(classes)]
        losses.append(-math.fsum(w_k * q_k * math.log(p_k) for w_k, q_k, p_k in zip(weight, q, p, strict=True)))
    if reduction == "none":
        return losses
    divisor = len(targets) if probabilities else math.fsum(weight[target] for target in targets)
    return math.fsum(losses) / (divisor if reduction == "mean" else 1)


class TestCrossEntropy(OperationTest):
    name, arguments, uploads = "cross_entropy", ("logits",), True  # the targets
    cases = [
        Case("mean", (4, 3)),
        Case("sum", (4, 3), reduction="sum"),
        Case("none", (5, 3), reduction="none"),
        Case("smoothed", (4, 3), label_smoothing=0.1),
        Case("smoothed, sum", (4, 3), label_smoothing=0.3, reduction="sum"),
        Case("smoothed, none", (3, 5), label_smoothing=0.1, reduction="none"),
        Case("all smoothed away", (3, 4), label_smoothing=1.0),
        Case("one row", (1, 4)),
        Case("two classes", (3, 2)),
        Case("many classes", (2, 40)),
        Case("weighted", (4, 3), weight=[0.5, 2.0, 1.0]),
        Case("weighted, sum", (4, 3), weight=[0.5, 2.0, 1.0], reduction="sum"),
        Case("weighted, none", (4, 3), weight=[0.5, 2.0, 1.0], reduction="none"),
        Case("weighted and smoothed", (4, 3), weight=[0.5, 2.0, 1.0], label_smoothing=0.2),
        Case("weighted and smoothed, sum", (4, 3), weight=[0.5, 2.0, 0.0], label_smoothing=0.2, reduction="sum"),
        Case("weighted and smoothed, none", (4, 3), weight=[0.5, 2.0, 0.0], label_smoothing=0.2, reduction="none"),
        Case("a negative weight", (4, 3), weight=[0.5, 2.0, -1.0], label_smoothing=0.2),
    ]

    def targets(self, case):
        return np.random.default_rng(9).integers(0, case.shapes[0][1], case.shapes[0][0])

    def operation(self, case, logits):
        return F.cross_entropy(logits, self.targets(case), **case.arguments)

    def naive(self, case, logits):
        return naive_cross_entropy(logits, self.targets(case), **case.arguments)

    def torch_operation(self, case, logits):
        arguments = dict(case.arguments)
        if "weight" in arguments:
            arguments["weight"] = torch.tensor(arguments["weight"], dtype=logits.dtype)
        return torch.nn.functional.cross_entropy(logits, torch.tensor(self.targets(case)), **arguments)


class TestCrossEntropyOfProbabilities(TestCrossEntropy):
    """The targets of mixup: rows that add up to 1; and, as PyTorch takes them too, rows that do not."""

    cases = [
        Case("mean", (4, 3)),
        Case("as many rows as classes, smoothed, sum", (3, 3), label_smoothing=0.1, reduction="sum"),
        Case("weighted and smoothed, none", (4, 3), weight=[0.5, 2.0, -1.0], label_smoothing=0.2, reduction="none"),
        Case("not normalized", (4, 3), total=2.5),
        Case("not normalized, weighted and smoothed", (4, 3), total=0.5, weight=[0.5, 2.0, 1.0], label_smoothing=0.2),
    ]

    def targets(self, case):
        rows = np.random.default_rng(9).dirichlet(np.ones(case.shapes[0][1]), case.shapes[0][0])
        return rows * case.arguments.get("total", 1)

    def operation(self, case, logits):
        return F.cross_entropy(logits, self.targets(case), **self.options(case))

    def naive(self, case, logits):
        return naive_cross_entropy(logits, self.targets(case), **self.options(case))

    def torch_operation(self, case, logits):
        arguments = self.options(case)
        if "weight" in arguments:
            arguments["weight"] = torch.tensor(arguments["weight"], dtype=logits.dtype)
        targets = torch.tensor(self.targets(case), dtype=logits.dtype)
        return torch.nn.functional.cross_entropy(logits, targets, **arguments)

    def options(self, case):
        return {name: value for name, value in case.arguments.items() if name != "total"}


# ---- known values -------------------------------------------------------------------------------------------------


def test_a_thousand_classes():
    """More than 8 bits hold: labels 0, 256 and 512 are different classes."""
    logits, labels = leaf(np.random.default_rng(0).standard_normal((5, 1000))), [0, 256, 300, 512, 999]
    F.cross_entropy(logits, np.array(labels), reduction="sum").backward()
    softmax = np.exp(logits.data) / np.exp(logits.data).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(logits.grad, softmax - np.eye(1000)[labels], atol=1e-12)
    losses = F.cross_entropy(logits, labels, reduction="none").data
    np.testing.assert_allclose(losses, -np.log(softmax[range(5), labels]))


def test_by_hand():
    logits = leaf(np.log([[1.0, 2, 5], [4, 4, 2]]))  # so that softmax gives eighths and tenths
    loss = F.cross_entropy(logits, [2, 0])
    assert loss.item() == pytest.approx((math.log(8 / 5) + math.log(10 / 4)) / 2, rel=1e-14)
    loss.backward()
    np.testing.assert_allclose(logits.grad, [[1 / 16, 2 / 16, -3 / 16], [-6 / 20, 4 / 20, 2 / 20]], rtol=1e-14)


def test_label_smoothing_by_hand():
    logits = leaf(np.log([[1.0, 3]]))
    loss = F.cross_entropy(logits, [1], label_smoothing=0.2)  # q = 0.1, 0.9
    assert loss.item() == pytest.approx(-0.1 * math.log(1 / 4) - 0.9 * math.log(3 / 4), rel=1e-14)
    loss.backward()
    np.testing.assert_allclose(logits.grad, [[1 / 4 - 0.1, 3 / 4 - 0.9]], rtol=1e-12)


def test_weights_by_hand():
    logits = leaf(np.log([[1.0, 3], [1, 1]]))
    loss = F.cross_entropy(logits, [1, 0], [5.0, 3.0])
    assert loss.item() == pytest.approx((3 * math.log(4 / 3) + 5 * math.log(2)) / (3 + 5), rel=1e-14)
    loss.backward()
    np.testing.assert_allclose(logits.grad, np.array([[3 / 4, -3 / 4], [-5 / 2, 5 / 2]]) / 8, rtol=1e-12)


def test_probabilities_by_hand():
    logits = leaf(np.log([[1.0, 3]]))
    loss = F.cross_entropy(logits, [[0.3, 0.7]])
    assert loss.item() == pytest.approx(-0.3 * math.log(1 / 4) - 0.7 * math.log(3 / 4), rel=1e-14)
    loss.backward()
    np.testing.assert_allclose(logits.grad, [[1 / 4 - 0.3, 3 / 4 - 0.7]], rtol=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_certain_probabilities_are_classes(reduction):
    logits, other = tensor(3, 4, requires_grad=True), tensor(3, 4, requires_grad=True)
    options = {"reduction": reduction, "label_smoothing": 0.1}
    losses = F.cross_entropy(logits, np.eye(4)[[2, 0, 1]], **options)
    expected = F.cross_entropy(other, [2, 0, 1], **options)
    losses.sum().backward()
    expected.sum().backward()
    np.testing.assert_allclose(losses.data, expected.data, rtol=1e-14)
    np.testing.assert_allclose(logits.grad, other.grad, rtol=1e-13, atol=1e-15)


@pytest.mark.filterwarnings("error")
def test_a_class_of_probability_0_may_be_ruled_out_with_minus_infinity():
    logits = leaf([[1.0, 1.0, -np.inf]])
    loss = F.cross_entropy(logits, [[0.5, 0.5, 0.0]])
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    np.testing.assert_allclose(logits.grad, [[0, 0, 0]], atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["list", "float16", "float32", "float64", "view", "Tensor"])
def test_what_probabilities_may_be(kind, dtype):
    rows = np.array([[0.25, 0.75], [1.0, 0.0]])
    given = {"list": rows.tolist(), "view": rows.T.copy().T, "Tensor": mc.Tensor(rows)}.get(kind)
    given = rows.astype(kind) if given is None else given
    logits = tensor(2, 2, dtype=dtype, requires_grad=True)
    loss = F.cross_entropy(logits, given)
    loss.backward()
    assert loss.dtype == logits.grad.dtype == dtype
    assert loss.item() == pytest.approx(naive_cross_entropy(logits.data, rows), rel=1e-6)


def test_probabilities_may_be_on_the_device(device):
    logits, rows = tensor(3, 4), np.random.default_rng(0).dirichlet(np.ones(4), 3)
    expected = F.cross_entropy(logits, rows).item()
    logits = logits.to(device)
    for given in (put(rows, device), mc.Tensor(put(rows, device))):
        with quiet():  # they are not read back
            loss = F.cross_entropy(logits, given)
        assert loss.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.devices("strict", "cuda")
def test_probabilities_on_another_device_than_the_logits_are_refused(device):
    with raises(TypeError, "cross_entropy: targets is on cuda:0, logits on cpu"):
        F.cross_entropy(tensor(3, 4), put(np.full((3, 4), 0.25), device))


def test_probabilities_are_not_changed_and_may_change_before_backward():
    rows, logits, other = np.full((3, 4), 0.25), tensor(3, 4, requires_grad=True), tensor(3, 4, requires_grad=True)
    F.cross_entropy(other, rows.copy()).backward()
    loss = F.cross_entropy(logits, rows)
    assert (rows == 0.25).all()
    rows[:] = 1
    loss.backward()
    np.testing.assert_array_equal(logits.grad, other.grad)


@pytest.mark.parametrize(
    "weight",
    [
        [1, 2, 3, 4],
        (1.0, 2.0, 3.0, 4.0),
        np.array([1, 2, 3, 4], np.uint8),
        np.array([1, 9, 2, 9, 3, 9, 4], np.float32)[::2],
        mc.Tensor(np.arange(1.0, 5)),
        mc.nn.Buffer([1, 2, 3, 4]),
    ],
    ids=lambda weight: f"{type(weight).__name__} {getattr(weight, 'dtype', '')}",
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_weights_may_be(weight, dtype):
    logits, targets = tensor(3, 4, dtype=dtype, requires_grad=True), [3, 0, 1]
    loss = F.cross_entropy(logits, targets, weight)
    loss.backward()
    assert loss.dtype == logits.grad.dtype == dtype
    assert loss.item() == pytest.approx(naive_cross_entropy(logits.data, targets, weight=[1, 2, 3, 4]), rel=1e-6)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_equal_weights_change_no_mean(reduction):
    logits, targets = tensor(3, 4), [3, 0, 1]
    found = F.cross_entropy(logits, targets, [2.0] * 4, reduction=reduction).data
    expected = F.cross_entropy(logits, targets, reduction=reduction).data * (1 if reduction == "mean" else 2)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_weights_may_be_on_the_device(device):
    logits, weight = tensor(3, 4), np.arange(1.0, 5)
    expected = F.cross_entropy(logits, [2, 0, 1], weight).item()
    for given in (put(weight, device), mc.Tensor(put(weight, device))):
        assert F.cross_entropy(logits.to(device), [2, 0, 1], given).item() == pytest.approx(expected, rel=1e-12)


def test_equal_logits_cost_log_of_the_number_of_classes():
    assert F.cross_entropy(mc.Tensor(np.zeros((3, 1000))), [0, 500, 999]).item() == pytest.approx(math.log(1000))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_large_logits_are_finite(dtype, label_smoothing):
    logits = leaf([[1e4, -1e4], [1e4, -1e4], [-1e4, -1e4]], dtype)
    losses = F.cross_entropy(logits, [0, 1, 1], reduction="none", label_smoothing=label_smoothing)
    s = label_smoothing / 2
    np.testing.assert_allclose(losses.data, [2e4 * s, 2e4 * (1 - s), math.log(2)], rtol=1e-6)
    losses.backward(np.ones(3))
    expected = [[s, -s], [1 - s, s - 1], [0.5 - s, s - 0.5]]
    np.testing.assert_allclose(logits.grad, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("targets", [[0, 0], [[1.0], [1.0]]], ids=["classes", "probabilities"])
def test_one_class_costs_nothing(targets):
    logits = leaf([[3.0], [-2.0]])
    loss = F.cross_entropy(logits, targets)
    loss.backward()
    assert loss.item() == 0
    np.testing.assert_array_equal(logits.grad, [[0], [0]])


@pytest.mark.filterwarnings("error")
def test_classes_ruled_out_with_minus_infinity():
    logits = leaf([[1.0, 1.0, -np.inf]])
    loss = F.cross_entropy(logits, [1])
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    np.testing.assert_allclose(logits.grad, [[0.5, -0.5, 0]])


def test_the_gradients_of_a_row_add_up_to_zero():
    logits = tensor(5, 7, requires_grad=True)
    F.cross_entropy(logits, [0, 1, 2, 3, 4], label_smoothing=0.2).backward()
    np.testing.assert_allclose(logits.grad.sum(axis=1), 0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_is_an_array_of_no_axes(dtype, reduction):
    loss = F.cross_entropy(tensor(3, 4, dtype=dtype), [1, 2, 3], reduction=reduction)
    assert loss.shape == ()
    assert loss.dtype == dtype
    assert isinstance(loss.data, np.ndarray)


@pytest.mark.parametrize(
    "targets",
    [
        [2, 0, 1],
        (2, 0, 1),
        *(np.array([2, 0, 1], dtype) for dtype in (np.int8, np.uint8, np.int32, np.uint64)),
        np.array([2, 9, 0, 9, 1])[::2],
        mc.Tensor(np.array([2, 0, 1])),
    ],
    ids=lambda targets: f"{type(targets).__name__} {getattr(targets, 'dtype', '')}",
)
def test_what_targets_may_be(targets):
    logits, other = tensor(3, 4, requires_grad=True), tensor(3, 4, requires_grad=True)
    loss, expected = F.cross_entropy(logits, targets), F.cross_entropy(other, np.array([2, 0, 1]))
    loss.backward()
    expected.backward()
    assert loss.item() == expected.item()
    np.testing.assert_array_equal(logits.grad, other.grad)


def test_targets_may_be_on_the_device(device):
    logits, targets = tensor(3, 4), put(np.array([2, 0, 1]), device)
    expected = F.cross_entropy(logits, [2, 0, 1]).item()
    for given in (targets, mc.Tensor(targets)):
        assert F.cross_entropy(logits.to(device), given).item() == pytest.approx(expected, rel=1e-12)
        assert check_targets(given, 3, 4) is targets


def test_a_wrong_target_on_the_device_is_not_read_back_and_shows_as_nan(device):
    logits, targets = tensor(3, 2).to(device), put(np.array([2, 0, 1]), device)
    if device == "cpu":
        with raises(ValueError, "cross_entropy: targets[0] is 2, expected a class from 0 to 1"):
            F.cross_entropy(logits, targets)
    else:
        losses = F.cross_entropy(logits, targets, reduction="none")
        np.testing.assert_array_equal(np.isnan(losses.numpy()), [True, False, False])


@pytest.mark.devices("strict", "cuda")
def test_targets_on_another_device_than_the_logits_are_refused(device):
    with raises(TypeError, "cross_entropy: targets is on cuda:0, logits on cpu"):
        F.cross_entropy(tensor(3, 4), put(np.array([2, 0, 1]), device))


def test_targets_are_not_changed_and_may_change_before_backward():
    targets, logits, other = np.array([2, 0, 1]), tensor(3, 4, requires_grad=True), tensor(3, 4, requires_grad=True)
    F.cross_entropy(other, [2, 0, 1]).backward()
    loss = F.cross_entropy(logits, targets)
    np.testing.assert_array_equal(targets, [2, 0, 1])
    targets[:] = 3
    loss.backward()
    np.testing.assert_array_equal(logits.grad, other.grad)


# ---- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "targets", "arguments", "error", "message"),
    [
        ((3, 4), [0, 4, 1], {}, ValueError, "targets[1] is 4, expected ...0 to 3"),
        ((3, 4), [0, 1, -1], {}, ValueError, "targets[2] is -1, expected ...0 to 3"),
        ((3, 4), [0, 9, -7], {}, ValueError, "targets[1] is 9, expected ...0 to 3"),
        ((3, 4), [0, 1], {}, ValueError, "targets has shape (2,), expected (3,)"),
        ((3, 4), [[0], [1], [2]], {}, ValueError, "targets has shape (3, 1), expected (3,): write targets[:, 0]"),
        ((3, 1), [[0], [0], [0]], {}, ValueError, "targets has shape (3, 1), expected (3,): write targets[:, 0]"),
        ((2, 3), [[0, 1, 0], [1, 0, 0]], {}, ValueError, "targets has shape (2, 3), like one-hot rows"),
        ((2, 3), tensor(2, 3), {}, ValueError, "targets[0, 2] is -0.274..., expected a probability, not below 0"),
        ((2, 2), [[1.0, 0.0], [0.5, -0.5]], {}, ValueError, "targets[1, 1] is -0.5, expected a probability, not below"),
        ((1, 2), [[0.5, np.nan]], {}, ValueError, "targets[0, 1] is nan, expected a probability"),
        ((2, 3), [[0.5, 0.5]], {}, ValueError, "targets has shape (1, 2), expected the probabilities ... (2, 3), or"),
        (
            (3, 2),
            np.ones((2, 3)),
            {},
            ValueError,
            "targets has shape (2, 3), expected the probabilities ... (3, 2), or",
        ),
        (
            (3, 4),
            np.ones((3, 1)),
            {},
            ValueError,
            "targets has shape (3, 1), expected the probabilities ... (3, 4), or",
        ),
        ((1, 2), leaf([[0.5, 0.5]]), {}, ValueError, "targets requires a gradient...write targets.detach()"),
        ((3, 4), 1, {}, ValueError, "targets has shape (), expected (3,)"),
        ((3, 4), [0.0, 1.0, 2.0], {}, TypeError, "targets is float64, expected integers: write targets.astype"),
        ((3, 4), [True, False, True], {}, TypeError, "targets is bool, expected integers"),
        ((3, 4), ["cat", "dog", "cat"], {}, TypeError, "targets is ..., expected integers"),
        ((3, 4), None, {}, TypeError, "targets is ..., expected integers"),
        ((3, 4), tensor(3), {}, TypeError, "targets is float64, expected integers"),
        ((4,), [0], {}, ValueError, "logits has shape (4,), expected 2 axes (N, classes)"),
        ((2, 3, 4), [0, 1], {}, ValueError, "logits has shape (2, 3, 4), expected 2 axes (N, classes)"),
        ((), 0, {}, ValueError, "logits has shape (), expected 2 axes (N, classes)"),
        ((0, 4), [], {}, ValueError, "logits has shape (0, 4), expected at least one row and one class"),
        ((3, 0), [0, 0, 0], {}, ValueError, "logits has shape (3, 0), expected at least one row and one class"),
        ((3, 4), [0, 1, 2], {"reduction": "average"}, ValueError, 'reduction is \'average\', expected "mean", "sum"'),
        ((3, 4), [0, 1, 2], {"reduction": None}, ValueError, 'reduction is None, expected "mean", "sum"'),
        ((3, 4), [0, 1, 2], {"weight": "mean"}, TypeError, "weight is 'mean', expected a number for each class"),
        ((3, 4), [0, 1, 2], {"weight": [True] * 4}, TypeError, "weight is [True, True, True, True], expected a number"),
        ((3, 4), [0, 1, 2], {"weight": [1.0] * 3}, ValueError, "weight has shape (3,), expected (4,)"),
        ((3, 4), [0, 1, 2], {"weight": 2.0}, ValueError, "weight has shape (), expected (4,)"),
        ((3, 4), [0, 1, 2], {"weight": leaf([1.0] * 4)}, ValueError, "weight requires a gradient...weight.detach()"),
        ((3, 4), [0, 1, 2], {"label_smoothing": -0.1}, ValueError, "label_smoothing is -0.1, expected"),
        ((3, 4), [0, 1, 2], {"label_smoothing": 1.1}, ValueError, "label_smoothing is 1.1, expected"),
        ((3, 4), [0, 1, 2], {"label_smoothing": "1"}, (ValueError, TypeError), "label_smoothing is '1', expected"),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(shape, targets, arguments, error, message):
    with raises(error, f"cross_entropy: {message}"):
        F.cross_entropy(tensor(*shape), targets, **arguments)
