"""gradcheck_pair: forwards and backwards in NumPy as public code writes them, and what it says where they do not."""

import functools

import numpy as np
import pytest
from gradcheck import notebooks as nb
from support import raises

import minicnn as mc


def normal(*shape, seed=0):
    return np.asarray(np.random.default_rng(seed).standard_normal(shape))


LABELS = np.array([0, 2, 1])
SIGMOID = nb.Sigmoid()
PAIRS = {
    "affine": (nb.affine_forward, nb.affine_backward, normal(3, 2, 2), normal(4, 5), normal(5)),
    "relu": (nb.relu_forward, nb.relu_backward, normal(3, 4)),
    "softmax loss, from one function": (nb.softmax_loss, None, normal(3, 4), LABELS),
    "a network's loss, with a dict": (nb.two_layer_loss, None, normal(3, 4), normal(4, 5), normal(5, 3), LABELS),
    "conv": (nb.conv_forward_naive, nb.conv_backward_naive, normal(2, 2, 5, 5), normal(3, 2, 3, 3), normal(3),
             {"stride": 2, "pad": 1}),
    "max pool": (nb.max_pool_forward_naive, nb.max_pool_backward_naive, normal(2, 2, 4, 4),
                 {"pool_height": 2, "pool_width": 2, "stride": 2}),
    "batchnorm": (nb.batchnorm_forward, nb.batchnorm_backward, normal(4, 3), normal(3), normal(3), {"mode": "train"}),
    "layernorm": (nb.layernorm_forward, nb.layernorm_backward, normal(4, 3), normal(3), normal(3), {}),
    "dropout": (nb.dropout_forward, nb.dropout_backward, normal(4, 3), {"p": 0.5, "mode": "train"}),
    "lstm step, two outputs": (nb.lstm_step_forward, nb.lstm_step_backward, normal(2, 3), normal(2, 4), normal(2, 4),
                               normal(3, 16), normal(4, 16), normal(16)),
    "embedding": (nb.word_embedding_forward, nb.word_embedding_backward, np.array([[0, 2, 2], [1, 0, 3]]),
                  normal(5, 3)),
    "called with the arguments": (nb.linear, nb.linear_grad, normal(3, 4), normal(4, 2)),
    "called with the output": (np.tanh, nb.tanh_grad, normal(3, 4)),
    "a layer with a memory": (SIGMOID.forward, SIGMOID.backward, normal(3, 4)),
}  # fmt: skip


NO_GRADIENT_OF_X = pytest.mark.filterwarnings("ignore:gradcheck_pair. backward returned no gradient of x")  # the images


@NO_GRADIENT_OF_X
@pytest.mark.parametrize("name", PAIRS)
def test_a_right_pair_passes_as_it_stands(name):
    assert mc.gradcheck_pair(*PAIRS[name]) is True


def larger(gradients):
    if isinstance(gradients, dict):
        return {key: 1.01 * gradient for key, gradient in gradients.items()}
    return tuple(map(larger, gradients)) if isinstance(gradients, tuple) else 1.01 * gradients


@NO_GRADIENT_OF_X
@pytest.mark.parametrize("name", PAIRS)
def test_the_same_pair_with_a_gradient_of_1_01_times_as_much_does_not(name):
    forward, backward, *arguments = PAIRS[name]

    def loss_and_larger(*arguments):
        loss, gradients = forward(*arguments)
        return loss, larger(gradients)

    def larger_backward(*arguments):
        return larger(backward(*arguments))

    if backward is None:
        pair = functools.wraps(forward)(loss_and_larger), None
    else:
        pair = forward, functools.wraps(backward)(larger_backward)
    with pytest.raises(mc.GradCheckError, match=r"times 1\.01"):
        mc.gradcheck_pair(*pair, *arguments)


def test_it_says_the_names_of_the_parameters_and_what_is_wrong():
    def backward(dout, cache):
        x, w, _ = cache
        return dout @ w.T, x.T @ dout, dout.mean(axis=0)

    with pytest.raises(mc.GradCheckError) as error:
        mc.gradcheck_pair(nb.affine_forward, backward, normal(4, 3), normal(3, 5), normal(5))
    assert "the gradient of b, shape (5,), is wrong in 5 of 5 elements" in str(error.value)
    assert "times 0.25, 1 / the size of axis 0 of x." in str(error.value)


def test_the_error_as_data_has_the_names_too():
    def backward(grad_y, a, b):
        return grad_y * b, grad_y * b  # should be grad_y * a

    with pytest.raises(mc.GradCheckError) as error:
        mc.gradcheck_pair(lambda a, b: a * b, backward, np.array([1.0, 2.0, -3.0]), np.array([0.5, -1.5, 2.5]))
    assert "inputs[" not in error.value.hypothesis
    assert error.value.hypothesis in str(error.value)
    assert error.value.input == 1


def test_a_report_is_one_of_the_same_pair():
    report = mc.gradcheck_pair(
        nb.affine_forward, nb.affine_backward, normal(4, 3), normal(3, 5), normal(5), report=True
    )
    assert report
    assert [one.shape for one in report.inputs] == [(4, 3), (3, 5), (5,)]


def test_an_input_whose_gradient_is_none_is_not_checked():
    def backward(dout, cache):
        _, w, _ = cache
        return dout @ w.T, None, None

    report = mc.gradcheck_pair(nb.affine_forward, backward, normal(4, 3), normal(3, 5), normal(5), report=True)
    assert [one.shape for one in report.inputs] == [(4, 3)]


def test_options_and_the_random_state_are_left_as_they_were():
    options = {"mode": "train"}
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.rand()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    mc.gradcheck_pair(nb.batchnorm_forward, nb.batchnorm_backward, normal(4, 3), normal(3), normal(3), options)
    mc.gradcheck_pair(nb.dropout_forward, nb.dropout_backward, normal(4, 3), {"p": 0.5, "mode": "train"})
    assert options == {"mode": "train"}
    assert np.random.rand() == expected  # noqa: NPY002


GENERATOR = np.random.default_rng(0)
ERRORS = {
    "no function": (("tanh", None, normal(2)), TypeError, "forward is str, expected a function"),
    "no array": ((np.tanh, nb.tanh_grad, 2.0), TypeError,
                 "the arguments are float, expected at least one float64 array"),
    "float32": ((np.tanh, nb.tanh_grad, normal(2).astype(np.float32)), TypeError, "is float32, expected float64"),
    "a loss that is none": ((lambda x: (x, x), None, normal(2)), TypeError,
                            "backward is None, so forward should return (loss, gradients), loss one number; it "
                            "returned a tuple of ndarray, ndarray"),
    "a cache that backward does not take": ((nb.relu_forward, lambda dout: dout, normal(2)), TypeError,
                                            "forward returned a tuple of ndarray, ndarray, so backward should take 1 "
                                            "gradient(s) and the last of these, the cache; it is <lambda>(dout)"),
    "arguments that backward does not take": ((nb.linear, lambda a, b, c, d: a, normal(2, 3), normal(3, 2)), TypeError,
                                              "forward returned one array and no cache, so backward should take grad_y "
                                              "and forward's 2 argument(s), or grad_y alone; it is <lambda>(a, b, c, "),
    "too few gradients": ((nb.linear, lambda g, x, w: (g @ w.T, None, None), normal(2, 3), normal(3, 2)),
                          mc.GradCheckError, "backward returned 3 gradients, expected 2: for x, w"),
    "a transposed gradient": ((nb.linear, lambda g, x, w: (g @ w.T, g.T @ x), normal(2, 3), normal(3, 2)),
                              mc.GradCheckError,
                              "the gradient of w has shape (2, 3), expected that of w, (3, 2): is it transposed?"),
    "nothing to check": ((np.tanh, lambda g, x: None, normal(2)), mc.GradCheckError,
                         "backward returned None for every array"),
    "a gradient of no parameter": ((nb.linear, lambda g, x, w: {"dx": g @ w.T, "dW": g}, normal(2, 3), normal(3, 2)),
                                   TypeError, "backward returned a gradient 'dW', but forward has no such parameter; "
                                   "expected x, w, or d or grad_ before these"),
    "random": ((lambda x: (x * GENERATOR.random(x.shape), x), lambda g, c: g, normal(2)), ValueError,
               "forward gives another result when it is called again with the same arguments"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_what_does_not_fit_together_is_an_error_that_says_so(name):
    arguments, kind, message = ERRORS[name]
    with raises(kind, "gradcheck_pair: ...", message):
        mc.gradcheck_pair(*arguments)


def test_a_forward_that_changes_its_argument_changes_a_copy():
    def forward(x):
        x *= 2
        return x, None

    x = normal(3)
    with pytest.raises(mc.GradCheckError, match="forward changed x"):
        mc.gradcheck_pair(forward, lambda dout, cache: 2 * dout, x)
    assert (x == normal(3)).all()


def test_a_gradient_left_out_of_the_dict_is_told():
    def backward(grad_y, x, w):
        return {"dx": grad_y @ w.T}

    with pytest.warns(UserWarning, match="no gradient of w, so it is not checked; write 'w': None") as warned:
        assert mc.gradcheck_pair(nb.linear, backward, normal(2, 3), normal(3, 2))
    assert [warning.filename for warning in warned] == [__file__]
