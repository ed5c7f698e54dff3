"""Function: what a user must write for an operation of his own, and what is said where he gets it wrong."""

import numpy as np
import pytest
from support import raises, tensor

import minicnn as mc
import minicnn.functional as F
from minicnn import Tensor, no_grad
from minicnn.function import Function
from minicnn.functional.layout import channels_second


def leaf(values, dtype=np.float64):
    return Tensor(np.asarray(values, dtype), requires_grad=True)


class Square(Function):
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, grad_y):
        return 2 * self.x * grad_y


class WeightedSum(Function):
    """y = 2a + 3b, with a record of what backward was told about its inputs."""

    name = "weighted_sum"

    numbers_allowed = True

    def forward(self, a, b, factor=None):
        return 2 * a + 3 * b

    def backward(self, grad_y):
        WeightedSum.seen = self.needs_input_grad
        grad_a = 2 * grad_y if self.needs_input_grad[0] else None
        grad_b = 3 * grad_y if self.needs_input_grad[1] else None
        return (grad_a, grad_b, None)[: len(self.needs_input_grad)]


def returning(*gradients):
    """An operation of two inputs whose backward returns just this."""

    class Careless(Function):
        def forward(self, first, second):
            return first + second

        def backward(self, grad_y):
            return gradients if len(gradients) != 1 else gradients[0]

    return Careless()


# ---- what works ---------------------------------------------------------------------------------------------------


def test_an_operation_of_the_users_own():
    x = leaf([1.0, -2.0, 3.0])
    y = Square()(x)
    np.testing.assert_array_equal(y.data, [1, 4, 9])
    assert y.requires_grad
    assert isinstance(y.creator, Square)
    y.backward(np.array([1.0, 1.0, 10.0]))
    np.testing.assert_array_equal(x.grad, [2, -4, 60])
    assert mc.gradcheck(lambda x: Square()(x), leaf(np.random.default_rng(0).standard_normal((2, 3))))


def test_it_can_be_mixed_with_the_library_s():
    x = leaf([1.0, 2.0])
    (Square()(x * 3) + x).sum().backward()
    np.testing.assert_array_equal(x.grad, [19, 37])


def test_an_operation_without_gradient_returns_a_plain_tensor():
    y = Square()(Tensor(np.ones(3)))
    assert not y.requires_grad
    assert y.creator is None
    with no_grad():
        assert Square()(leaf([1.0])).creator is None


def test_none_and_numbers_are_passed_on_as_they_are():
    given = []

    class Take(Function):
        numbers_allowed = True

        def forward(self, x, maybe=None, number=0):
            given.extend([maybe, number])
            return x * 1

        def backward(self, grad_y):
            return grad_y, None, None

    x = leaf([1.0])
    Take()(x, None, 3).backward()
    assert given == [None, 3]
    assert type(given[1]) is int
    np.testing.assert_array_equal(x.grad, [1.0])


def test_forward_gets_bare_arrays():
    class Look(Function):
        def forward(self, x):
            assert type(x) is np.ndarray
            return x

        def backward(self, grad_y):
            assert type(grad_y) is np.ndarray
            return grad_y

    Look()(leaf([1.0, 2.0])).sum().backward()


def test_a_number_from_forward_becomes_an_array():
    class Total(Function):
        def forward(self, x):
            return x.sum()  # a NumPy scalar

        def backward(self, grad_y):
            return np.full(3, grad_y)

    x = leaf([1.0, 2.0, 3.0], np.float32)
    y = Total()(x)
    assert y.dtype == np.float32
    assert y.shape == ()
    assert isinstance(y.data, np.ndarray)
    y.backward()
    np.testing.assert_array_equal(x.grad, [1, 1, 1])


@pytest.mark.parametrize(("a_needs", "b_needs"), [(True, True), (True, False), (False, True)])
def test_needs_input_grad_says_which_gradients_are_wanted(a_needs, b_needs):
    a, b = Tensor(np.ones(2), requires_grad=a_needs), Tensor(np.ones(2), requires_grad=b_needs)
    WeightedSum()(a, b).sum().backward()
    assert WeightedSum.seen == (a_needs, b_needs)
    for x, needs, factor in ((a, a_needs, 2), (b, b_needs, 3)):
        if needs:
            np.testing.assert_array_equal(x.grad, [factor] * 2)
        else:
            assert x.grad is None


def test_needs_input_grad_is_false_for_numbers_and_none():
    WeightedSum()(leaf([1.0]), 2.0, None).backward()
    assert WeightedSum.seen == (True, False, False)


def test_a_gradient_that_is_not_wanted_may_be_returned_anyway():
    a, b = leaf([1.0]), Tensor(np.ones(1))
    returning(np.ones(1), np.full(7, 3.0))(a, b).backward()  # not looked at
    assert b.grad is None
    np.testing.assert_array_equal(a.grad, [1.0])


def test_the_name_is_the_class_name_unless_given():
    assert Square.name == "square"
    assert WeightedSum.name == "weighted_sum"

    class Derived(WeightedSum):
        pass

    assert Derived.name == "derived"


# ---- an instance is used once ---------------------------------------------------------------------------------------


def test_an_instance_is_used_once():
    """It keeps what backward needs of one call: the second would overwrite that of the first."""
    square, x = Square(), leaf([1.0, 2.0])
    y = square(x)
    with raises(RuntimeError, "square: an instance is used once; write Square()(x) anew"):
        square(x * 3)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [2, 4])
    with raises(RuntimeError, "square: an instance is used once"):
        square(x)  # also after its graph was freed


def test_an_instance_is_used_once_without_a_graph_too():
    relu = F.activation.ReLU(False)
    with no_grad():
        relu(leaf([1.0]))
    with raises(RuntimeError, "relu: an instance is used once; write ReLU()(x) anew"):
        relu(Tensor([1.0]))


def test_a_call_that_was_refused_does_not_count():
    square = Square()
    with pytest.raises(TypeError, match="expected a Tensor"):
        square(1.0)
    assert square(leaf([3.0])).item() == 9


@pytest.mark.parametrize(
    "make", [lambda x: Square(x), lambda x: F.activation.ReLU(x), lambda x: F.activation.Softmax(axis=x)]
)
def test_a_tensor_in_place_of_the_options_is_refused(make):
    with raises(TypeError, "", ": got a Tensor where options belong; write ", "()(x)"):
        make(leaf([1.0]))


def test_options_that_nobody_takes_are_refused():
    with raises(TypeError, "Square: got 2 options, but it has no __init__ that takes them"):
        Square(1, axis=2)


# ---- a forward that is wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [None, 1.0, [1.0], (np.ones(1), np.ones(1)), Tensor([1.0])], ids=repr)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_forward_that_returns_no_array(result, requires_grad):
    class Forgetful(Function):
        def forward(self, x):
            return result

    with raises(TypeError, f"forgetful: forward returned {type(result).__name__}, expected an array"):
        Forgetful()(Tensor(np.ones(1), requires_grad))


# ---- a backward that is wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize("gradients", [(np.ones(2),), (np.ones(2), np.ones(2), np.ones(2)), ()])
def test_the_wrong_number_of_gradients(gradients):
    y = returning(*gradients)(leaf([1.0, 2.0]), leaf([3.0, 4.0]))
    with pytest.raises(RuntimeError, match=rf"careless.*{len(gradients)} gradients.*2 inputs"):
        y.sum().backward()


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (1, 2)])
def test_a_gradient_of_the_wrong_shape(shape):
    y = returning(np.ones(2), np.ones(shape))(leaf([1.0, 2.0]), leaf([3.0, 4.0]))
    with pytest.raises(RuntimeError, match="careless") as error:
        y.sum().backward()
    assert str(shape) in str(error.value)
    assert "(2,)" in str(error.value)
    assert "1" in str(error.value).split("input")[1]  # input 1


@pytest.mark.parametrize(
    ("found", "expected", "hint"),
    [
        ((4, 3), (3,), "; the sum over the broadcast axes (0,) is missing"),
        ((4, 3), (4, 1), "; the sum over the broadcast axes (1,) is missing"),
        ((2, 4, 3), (1, 3), "; the sum over the broadcast axes (0, 1) is missing"),
        ((3, 4), (4, 3), "; it is transposed"),
        ((5, 3), (4, 3), ""),
        ((3,), (4, 3), ""),
    ],
)
def test_the_wrong_shape_of_a_gradient_tells_what_is_missing(found, expected, hint):
    class Careless(Function):
        def forward(self, x):
            return x * 1

        def backward(self, grad_y):
            return np.ones(found)

    with pytest.raises(RuntimeError) as error:
        Careless()(leaf(np.ones(expected))).backward(np.ones(expected))
    assert str(error.value).endswith(f"expected ({expected}, dtype('float64')){hint}")


def test_a_gradient_of_the_wrong_dtype():
    y = returning(np.ones(2), np.ones(2, np.float32))(leaf([1.0, 2.0]), leaf([3.0, 4.0]))
    with pytest.raises(RuntimeError, match="careless.*float32.*input 1.*float64"):
        y.sum().backward()


def test_no_gradient_where_one_is_needed():
    y = returning(np.ones(2), None)(leaf([1.0, 2.0]), leaf([3.0, 4.0]))
    with pytest.raises(RuntimeError, match="careless.*None.*input 1"):
        y.sum().backward()


def test_a_list_of_gradients_is_taken_like_a_tuple():
    class Two(Function):
        def forward(self, a, b):
            return a + b

        def backward(self, grad_y):
            return [grad_y, grad_y]

    a, b = leaf([1.0]), leaf([2.0])
    Two()(a, b).backward()
    np.testing.assert_array_equal(b.grad, [1.0])


def test_a_gradient_that_is_no_array_is_refused_by_name():
    y = returning(np.ones(2), 3.0)(leaf([1.0, 2.0]), leaf([3.0, 4.0]))
    with pytest.raises((RuntimeError, TypeError), match="careless"):
        y.sum().backward()


def test_a_class_without_forward_or_backward():
    class Nothing(Function):
        pass

    class NoWayBack(Function):
        def forward(self, x):
            return x * 2

    with pytest.raises(NotImplementedError, match="Nothing has no forward"):
        Nothing()(leaf([1.0]))
    y = NoWayBack()(leaf([1.0]))
    with pytest.raises(NotImplementedError, match="NoWayBack has no backward"):
        y.backward()


def test_an_error_in_backward_reaches_the_caller():
    class Fails(Function):
        def forward(self, x):
            return x * 1

        def backward(self, grad_y):
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        Fails()(leaf([1.0])).backward()


@pytest.mark.parametrize(
    "change",
    [
        lambda g: g.__imul__(2),
        lambda g: g.__setitem__(0, 7),
        lambda g: g.reshape(-1)[1:].__iadd__(1),
        lambda g: np.negative(g, out=g),
        lambda g: g.fill(0),
    ],
)
def test_a_backward_that_changes_grad_y_is_stopped_at_that_line(change):
    class Greedy(Function):
        def forward(self, x):
            return x * 1

        def backward(self, grad_y):
            change(grad_y)
            return grad_y * 1

    x, cotangent = leaf([1.0, 2.0]), np.array([1.0, 10.0])
    y = Greedy()(x) + x  # both get the same array
    with raises(RuntimeError, "greedy: backward must not change grad_y in place") as error:
        y.backward(cotangent)
    assert "read-only" in str(error.value.__cause__)
    assert x.grad is None
    np.testing.assert_array_equal(cotangent, [1, 10])
    assert cotangent.flags.writeable


def test_another_value_error_in_backward_is_passed_on():
    class Fails(Function):
        def forward(self, x):
            return x * 1

        def backward(self, grad_y):
            raise ValueError("mine")

    with raises(ValueError, "mine"):
        Fails()(leaf([1.0])).backward()


def test_a_gradient_that_is_handed_on_may_be_added_to_by_whoever_gets_it():
    """What backward has returned of its read-only grad_y becomes the gradient of leaves, which is writeable."""
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (x.reshape(2, 1).reshape(2) + w + x).sum().backward()
    for t in (x, w):
        assert t.grad.flags.writeable
        t.grad *= 2
    np.testing.assert_array_equal(x.grad, [4, 4])


# ---- inputs that are wrong ----------------------------------------------------------------------------------------


def test_an_array_where_a_tensor_is_expected():
    with pytest.raises(TypeError, match=r"square: x is ndarray, expected a Tensor: write mc.Tensor\(array\)"):
        Square()(np.ones(2))
    with pytest.raises(TypeError, match=r"weighted_sum: b is list, expected a Tensor\Z"):
        WeightedSum()(leaf([1.0]), [1.0])


def test_none_where_a_tensor_is_expected():
    with pytest.raises(TypeError, match="square: x is NoneType, expected a Tensor"):
        Square()(None)
    with pytest.raises(TypeError, match="weighted_sum: b is NoneType, expected a Tensor"):
        WeightedSum()(leaf([1.0]), None)


def test_an_integer_where_a_float_is_expected():
    with pytest.raises(TypeError, match=r"square: x is int64, expected a floating dtype"):
        Square()(Tensor([1, 2]))


def test_two_dtypes_name_the_operation_and_both_arguments():
    with pytest.raises(TypeError, match=r"weighted_sum: b is float64, a is float32"):
        WeightedSum()(leaf([1.0], np.float32), leaf([1.0]))
    with pytest.raises(TypeError, match=r"conv2d: weight is float64, x is float32: write array.astype\(np.float32\)"):
        F.conv2d(leaf(np.ones((1, 1, 3, 3)), np.float32), leaf(np.ones((1, 1, 3, 3))))
    with pytest.raises(TypeError, match=r"linear: bias is float32, x is float64"):
        F.linear(leaf(np.ones((1, 2))), leaf(np.ones((3, 2))), leaf(np.ones(3), np.float32))


def test_two_devices_name_the_operation_and_both_arguments(monkeypatch):
    elsewhere = np.ones(2)  # this array plays the part of one on a GPU
    where = lambda array: "cuda:0" if array is elsewhere else "cpu"  # noqa: E731
    monkeypatch.setattr("minicnn.backend.device_of", where)
    with pytest.raises(TypeError, match=r"weighted_sum: b is on cuda:0, a on cpu"):
        WeightedSum()(leaf(np.ones(2)), Tensor(elsewhere))


@pytest.mark.parametrize("position", [0, 2, 4])
def test_one_of_many_inputs_is_named_by_its_number(position):
    tensors = [leaf(np.ones((1, 2))) for _ in range(5)]
    tensors[position] = leaf(np.ones((1, 2)), np.float32)
    wrong = position or 1  # where the first is the odd one out, the second is the first to differ
    with pytest.raises(TypeError, match=rf"concat: tensors\[{wrong}\] is float.*, tensors\[0\] is float"):
        F.concat(tensors)
    tensors[position] = "text"
    with pytest.raises(TypeError, match=rf"concat: tensors\[{position}\] is str"):
        F.concat(tensors)


def test_names_after_a_star_count_from_its_beginning():
    class Mixed(Function):
        def forward(self, x, *others):
            return x * 1

        def backward(self, grad_y):
            return (grad_y,) + (None,) * (len(self.needs_input_grad) - 1)

    with pytest.raises(TypeError, match=r"mixed: others\[1\] is int64"):
        Mixed()(leaf([1.0]), leaf([1.0]), Tensor([1]))


def test_an_input_too_many_is_an_error():
    with pytest.raises(TypeError):
        Square()(leaf([1.0]), leaf([1.0]))


# ---- arrays that changed before backward --------------------------------------------------------------------------

IMAGES, KERNELS = (2, 3, 4, 4), (2, 3, 3, 3)

KEEP_THEIR_INPUT = {
    "mul": lambda x: x * 2.0 * x,
    "div": lambda x: 2.0 / x,
    "pow": lambda x: x**3,
    "log": lambda x: x.log(),
    "max": lambda x: x.max(),
    "matmul": lambda x: x @ Tensor(np.ones((4, 2))),
    "linear": lambda x: F.linear(x, tensor(5, 4, requires_grad=True)),
    "conv2d": lambda x: F.conv2d(x, tensor(*KERNELS, requires_grad=True)),
    "conv2d's weight": lambda x: F.conv2d(tensor(*IMAGES), x),
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "local_response_norm": lambda x: F.local_response_norm(x, 3),
    "batch_norm": lambda x: F.batch_norm(x, None, None, None, None, training=True),
}
KEEP_THEIR_RESULT = {
    "exp": lambda x: x.exp(),
    "sqrt": lambda x: x.sqrt(),
    "relu": lambda x: F.relu(x),
    "sigmoid": lambda x: F.sigmoid(x),
    "tanh": lambda x: F.tanh(x),
    "softmax": lambda x: F.softmax(x, 1),
    "log_softmax": lambda x: F.log_softmax(x, 1),
    "max_pool2d": lambda x: F.max_pool2d(x, 3, 1, 1),
}


@pytest.mark.parametrize("name", KEEP_THEIR_INPUT)
def test_an_input_that_was_changed_before_backward_is_an_error_that_says_so(name):
    n, c, h, w = IMAGES
    data = channels_second(np.random.default_rng(0).uniform(1, 2, (n, h, w, c)))  # as layers hand it on: no copy
    x = Tensor(data, requires_grad=True)
    y = KEEP_THEIR_INPUT[name](x)
    x.data[1, 2, 2, 3] += 0.5  # one element
    operation = name.removesuffix("'s weight")
    with raises(RuntimeError, f"{operation}: the array that it kept as ", "shape (", "was changed in place after forw"):
        y.backward(np.ones(y.shape))


@pytest.mark.parametrize("name", KEEP_THEIR_RESULT)
def test_a_result_that_was_changed_before_backward_is_an_error_that_says_so(name):
    x = Tensor(np.random.default_rng(0).uniform(1, 2, IMAGES), requires_grad=True)
    y = KEEP_THEIR_RESULT[name](x)
    y.data[0, 0, 0, 0] *= 2
    with raises(RuntimeError, f"{name}: the array that it kept as y, shape {IMAGES}, was changed in place"):
        y.backward(np.ones(y.shape))


@pytest.mark.parametrize("kind", [tuple, list])
def test_what_is_kept_in_a_tuple_or_list_is_watched_too(kind):
    class Product(Function):
        def forward(self, a, b):
            self.saved = kind([a, b])
            return a * b

        def backward(self, grad_y):
            a, b = self.saved
            return grad_y * b, grad_y * a

    a, b = (Tensor(np.arange(1.0, 4), requires_grad=True) for _ in range(2))
    y = Product()(a, b)
    b.data[1] = 7
    with raises(RuntimeError, "product: the array that it kept as saved[1], shape (3,), was changed in place"):
        y.backward(np.ones(3))


@pytest.mark.parametrize("change", ["setitem", "imul", "relu"])
def test_one_element_of_a_large_array_that_is_changed_without_a_graph_is_an_error(change):
    """The samples of the contents may miss it, but the tensor knows that it was written to."""
    x = Tensor(np.random.default_rng(0).standard_normal((300, 300)), requires_grad=True)
    y = F.sigmoid(x)
    with mc.no_grad():
        if change == "setitem":
            y[17, 23] = 9.0
        elif change == "imul":
            y *= np.where(np.arange(90_000).reshape(300, 300) == 5_123, 2.0, 1.0)
        else:
            F.relu(y, inplace=True)
    with raises(RuntimeError, "sigmoid: an array that it kept was changed in place by"):
        y.backward(np.ones(y.shape))


def test_what_was_concatenated_is_watched_in_the_result():
    x = Tensor(np.random.default_rng(0).standard_normal((100, 100)), requires_grad=True)
    y = F.concat([F.sigmoid(x), F.sigmoid(x)])
    with mc.no_grad():
        y[3, 4] = 1000.0
    with raises(RuntimeError, "sigmoid: an array that it kept was changed in place by x[index] = value"):
        y.backward(np.ones(y.shape))


def test_a_quotient_may_be_changed():
    """Backward needs what was divided, not the quotient, as in PyTorch."""
    a, b = (Tensor(np.arange(1.0, 4), requires_grad=True) for _ in range(2))
    y = a / b
    y *= 3.0
    y.backward(np.ones(3))
    np.testing.assert_allclose(b.grad, -3 * a.data / b.data**2)


def test_a_step_between_forward_and_backward_is_an_error():
    """The weight that backward needs is no longer the one that forward used."""
    x, weight = tensor(2, 3), tensor(4, 3, requires_grad=True)
    hidden = F.linear(x, weight)
    hidden.sum().backward(retain_graph=True)
    mc.optim.SGD([weight], lr=0.1).step()
    with raises(RuntimeError, "linear: the array that it kept as weight, shape (4, 3), was changed in place"):
        hidden.sum().backward()


def test_relu_in_place_on_a_result_that_is_kept_is_an_error():
    x = tensor(3, 4, requires_grad=True)
    y = F.relu(F.tanh(x), inplace=True)
    with raises(RuntimeError, "tanh: the array that it kept as y"):
        y.sum().backward()


@pytest.mark.parametrize("layout", [np.asarray, lambda a: a.T, lambda a: a[::-1, ::2]])
def test_a_large_array_that_changed_as_a_whole_or_in_one_column_is_noticed(layout):
    for change in (slice(None), (slice(None), 3)):
        x = Tensor(layout(np.ones((512, 512))), requires_grad=True)
        y = x * x
        x.data[change] = 2
        with raises(RuntimeError, "mul: the array that it kept as a"):
            y.sum().backward()


def test_arrays_that_backward_does_not_need_may_change():
    a, b = tensor(3, requires_grad=True), tensor(3, requires_grad=True)
    y = a + b
    a.data += 1
    y.data += 1
    y.sum().backward()
    np.testing.assert_array_equal(a.grad, np.ones(3))


def test_a_change_after_backward_is_no_error():
    x = leaf([1.0, 2.0])
    (x * x).sum().backward()
    x.data += 1
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [2 + 4, 4 + 6])


def test_running_statistics_may_change_between_forward_and_backward():
    """As they do where a network sees two batches before it walks back."""
    x, mean, var = tensor(2, 3, 4, requires_grad=True), np.zeros(3), np.ones(3)
    y = F.batch_norm(x, mean, var, None, None, training=True)
    F.batch_norm(x, mean, var, None, None, training=True)
    y.backward(np.ones(y.shape))
    assert x.grad is not None


def test_an_index_that_was_changed_before_backward_makes_no_difference():
    x, index = leaf([1.0, 2.0, 3.0]), np.array([0, 2])
    y = x[index]
    index[:] = 1
    y.backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [1, 0, 1])


def test_a_graph_walked_twice_notices_a_change_in_between():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    y.backward(retain_graph=True)
    x.data[0] = 7
    with raises(RuntimeError, "mul: the array that it kept as a, shape (2,)"):
        y.backward()
