import copy
import json

import numpy as np
import pytest

from minicnn import Tensor, backend, get_num_threads, nn, set_num_threads
from minicnn.backend import for_each_row_block
from minicnn.optim import SGD, Adam, AdamW, Optimizer


def parameter(*shape, dtype=np.float32):
    return Tensor(np.ones(shape, dtype), requires_grad=True)


# ---- groups ------------------------------------------------------------------------------------------------------


def test_a_group_has_its_own_options_and_the_defaults_for_the_rest():
    p, q = parameter(2), parameter(3)
    optimizer = SGD([{"params": [p]}, {"params": [q], "lr": 0.5, "weight_decay": 0.1}], lr=0.01, momentum=0.9)
    assert [group["params"] for group in optimizer.param_groups] == [[p], [q]]
    assert [(g["lr"], g["momentum"], g["weight_decay"]) for g in optimizer.param_groups] == [
        (0.01, 0.9, 0),
        (0.5, 0.9, 0.1),
    ]


def test_params_may_be_a_generator_and_a_group_may_hold_one_tensor():
    p, q = parameter(2), parameter(3)
    assert SGD(iter([p, q])).param_groups[0]["params"] == [p, q]
    assert SGD([{"params": p}, {"params": iter([q])}]).param_groups[1]["params"] == [q]


def test_a_group_added_later_is_trained():
    p, q = parameter(2), parameter(3)
    optimizer = SGD([p], lr=0.1)
    optimizer.add_param_group({"params": [q], "lr": 1.0})
    p.grad, q.grad = np.ones(2, np.float32), np.ones(3, np.float32)
    optimizer.step()
    np.testing.assert_allclose(p.data, 0.9)
    np.testing.assert_allclose(q.data, 0.0)


def test_an_option_changed_in_a_group_holds_from_the_next_step_on():
    p = parameter(1)
    optimizer = SGD([p], lr=0.1)
    group = optimizer.param_groups[0]
    p.grad = np.ones(1, np.float32)
    optimizer.step()
    group["lr"] = 0.5  # `group` must still be the optimizer's own after a step
    optimizer.step()
    np.testing.assert_allclose(p.data, 1 - 0.1 - 0.5)
    group["lr"] = -1
    with pytest.raises(ValueError, match="SGD: lr is -1"):
        optimizer.step()


def test_wrong_params():
    p = parameter(2)
    for params, error, message in [
        ([], ValueError, "SGD: params is empty"),
        (iter([]), ValueError, r"SGD: params is empty.*once it was walked through: write list\(model.parameters"),
        (nn.Linear(2, 2), TypeError, r"SGD: params is a Linear: write model.parameters\(\)"),
        (nn.Sequential(nn.Linear(2, 2)), TypeError, r"SGD: params is a Sequential: write model.parameters\(\)"),
        (nn.Linear(2, 2).parameters, TypeError, r"SGD: params is a method: write model.parameters\(\)"),
        (None, TypeError, r"SGD: params is a NoneType: write model.parameters\(\)"),
        (nn.Linear(2, 2).named_parameters(), TypeError, r"contains a tuple, .*: write model.parameters\(\)"),
        (nn.Linear(2, 2).state_dict(), TypeError, "SGD: params is one dict"),
        ([{"params": nn.Linear(2, 2)}], TypeError, r"SGD: params is a Linear: write model.parameters\(\)"),
        ([{"params": nn.Linear(2, 2).parameters}], TypeError, r"SGD: params is a method: write model.parameters"),
        ([{"params": [p], "learning_rate": 1}], ValueError, "has 'learning_rate', expected some of .*'lr', 'momentum'"),
        ([{"params": [p], "betas": (0, 0)}], ValueError, "SGD: a parameter group has 'betas', expected some of"),
        (p, TypeError, "SGD: params is one Tensor"),
        ({"params": [p]}, TypeError, "SGD: params is one dict"),
        ([np.ones(2)], TypeError, "SGD: params contains a ndarray"),
        ([("weight", p)], TypeError, "SGD: params contains a tuple"),
        ([p, p], ValueError, "SGD: params contains the same Tensor twice"),
        ([{"params": [p]}, {"params": [p]}], ValueError, "SGD: params contains the same Tensor twice"),
        ([{"params": [p]}, p], TypeError, "SGD: a parameter group is"),
        ([{"lr": 1}], TypeError, 'expected a dict with "params"'),
        ([p * 2], ValueError, "result of an operation"),
    ]:
        with pytest.raises(error, match=message):
            SGD(params)


# ---- step and zero_grad ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW])
def test_a_parameter_without_a_gradient_is_left_alone(kind):
    p, q = parameter(2), parameter(2)
    optimizer = kind([p, q], lr=0.1, weight_decay=0.1)
    q.grad = np.ones(2, np.float32)
    optimizer.step()
    np.testing.assert_array_equal(p.data, 1)
    assert not np.any(q.data == 1)
    assert 0 not in optimizer.state_dict()["state"]


def test_zero_grad():
    p, q = parameter(2), parameter(2)
    p.grad = q.grad = np.ones(2, np.float32)
    SGD([{"params": [p]}, {"params": [q]}]).zero_grad()
    assert p.grad is None and q.grad is None


def test_zero_grad_that_keeps_the_arrays():
    p, q = parameter(2), parameter(2)
    p.grad = gradient = np.ones(2, np.float32)
    SGD([p, q]).zero_grad(set_to_none=False)
    assert p.grad is gradient
    np.testing.assert_array_equal(gradient, 0)
    assert q.grad is None


def test_the_group_of_one_optimizer_may_go_to_another_with_what_a_schedule_has_written():
    group = {"params": [parameter(2)], "lr": 0.5, "initial_lr": 1.0}
    assert SGD([group]).param_groups[0]["initial_lr"] == 1.0


@pytest.mark.parametrize("lr", ["0.1", None, Tensor([0.1]), [0.1]], ids=lambda lr: type(lr).__name__)
def test_a_learning_rate_that_is_no_number_is_refused(lr):
    with pytest.raises(TypeError, match="SGD: lr is .*, expected a number"):
        SGD([parameter(2)], lr=lr)


@pytest.mark.parametrize("data", [np.ones(1, np.float32), np.ones((2, 2), np.float32), np.ones(2, np.float64)])
def test_a_gradient_that_does_not_fit_any_more_is_refused_before_anything_changes(data):
    p, q = parameter(2), parameter(2)
    optimizer = SGD([p, q], lr=0.1, momentum=0.9)
    p.grad = q.grad = np.ones(2, np.float32)
    q.data = data
    with pytest.raises(ValueError, match="SGD.step: the gradient of parameter 1 is"):
        optimizer.step()
    np.testing.assert_array_equal(p.data, 1)


def test_training_with_a_real_graph_goes_downhill():
    target = Tensor(np.array([1.0, -2.0, 3.0]))
    for kind, lr in [(SGD, 0.1), (Adam, 0.1), (AdamW, 0.1)]:
        p = Tensor(np.zeros(3), requires_grad=True)
        optimizer = kind([p], lr=lr, weight_decay=0)
        for _ in range(200):
            optimizer.zero_grad()
            loss = ((p - target) ** 2).sum()
            loss.backward()
            optimizer.step()
        np.testing.assert_allclose(p.data, target.data, atol=1e-2)


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW])
def test_the_number_of_threads_changes_no_bit(kind):
    before = get_num_threads()
    results = []
    try:
        for threads in (1, 2, 5):
            set_num_threads(threads)
            p = Tensor(np.random.default_rng(0).standard_normal((51, 71), dtype=np.float32), requires_grad=True)
            optimizer = kind([p], lr=0.1, weight_decay=0.01)
            for seed in range(3):
                p.grad = np.random.default_rng(seed).standard_normal(p.shape, dtype=np.float32)
                optimizer.step()
            results.append(p.data)
    finally:
        set_num_threads(before)
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 5), (7,), (100, 10), (3, 1000), (1000,)])
def test_blocks_cover_every_element_once(shape):
    x = np.zeros(shape)

    def count(rows):
        x[rows] += 1

    for_each_row_block(count, x)
    np.testing.assert_array_equal(x, 1)


def test_a_large_array_is_walked_in_blocks_that_fit_the_cache():
    x = np.zeros((100, 10))
    sizes = []
    for_each_row_block(lambda rows: sizes.append(x[rows].nbytes), x)
    assert len(sizes) > 1
    assert max(sizes) <= backend.blocks.CACHE_BYTES


# ---- state -------------------------------------------------------------------------------------------------------


def stepped(kind=Adam, shapes=((2, 3), (4,)), **options):
    ps = [parameter(*shape) for shape in shapes]
    optimizer = kind(ps, lr=0.1, **options)
    for p in ps:
        p.grad = np.full_like(p.data, 0.5)
    optimizer.step()
    return optimizer


def test_state_dict_has_pytorchs_form():
    state = stepped(SGD, momentum=0.9).state_dict()
    assert list(state) == ["state", "param_groups"]
    assert state["param_groups"] == [
        {"params": [0, 1], "lr": 0.1, "momentum": 0.9, "dampening": 0, "weight_decay": 0, "nesterov": False}
    ]
    np.testing.assert_array_equal(state["state"][1]["momentum_buffer"], np.full(4, 0.5, np.float32))
    assert set(stepped(Adam).state_dict()["state"][0]) == {"step", "exp_avg", "exp_avg_sq"}


def test_a_saved_state_is_a_copy_that_further_steps_do_not_change():
    optimizer = stepped(Adam)
    saved = optimizer.state_dict()
    before = copy.deepcopy(saved)
    optimizer.step()
    np.testing.assert_equal(saved, before)
    with np.testing.assert_raises(AssertionError):
        np.testing.assert_equal(optimizer.state_dict(), before)


def test_numbers_count_through_the_groups():
    optimizer = SGD([{"params": [parameter(1), parameter(1)]}, {"params": [parameter(1)]}])
    assert [group["params"] for group in optimizer.state_dict()["param_groups"]] == [[0, 1], [2]]


def test_the_options_survive_json():
    optimizer = stepped(Adam, betas=(0.8, 0.95))
    groups = json.loads(json.dumps(optimizer.state_dict()["param_groups"]))
    other = stepped(Adam)
    other.load_state_dict({"state": optimizer.state_dict()["state"], "param_groups": groups})
    assert other.param_groups[0]["betas"] == (0.8, 0.95)
    other.step()


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW])
def test_loading_gives_back_the_very_state_in_arrays_of_its_own(kind):
    options = {"momentum": 0.9} if kind is SGD else {}
    saved, other = stepped(kind, **options).state_dict(), kind([parameter(2, 3), parameter(4)], **options)
    other.load_state_dict(saved)
    np.testing.assert_equal(other.state_dict(), saved)
    for number, values in saved["state"].items():
        for name, value in values.items():
            assert name == "step" or not np.shares_memory(value, other.state[number][name])


def test_loading_copies_and_casts_and_takes_tensors():
    optimizer, saved = stepped(SGD, momentum=0.9), stepped(SGD, momentum=0.9).state_dict()
    buffer = np.arange(6.0).reshape(2, 3)
    saved["state"][0]["momentum_buffer"] = Tensor(buffer)  # float64, as `mc.load` would return it
    optimizer.load_state_dict(saved)
    buffer[:] = -1
    loaded = optimizer.state_dict()["state"][0]["momentum_buffer"]
    assert loaded.dtype == np.float32
    np.testing.assert_array_equal(loaded, np.arange(6).reshape(2, 3))


def damaged(change):
    saved = stepped(Adam).state_dict()
    change(saved)
    return saved


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        ({}, 'expected a dict with "state" and "param_groups"'),
        (None, "got None"),
        (
            stepped(Adam, shapes=((2, 3),)).state_dict(),
            r"saved groups have \[1\] parameters, this optimizer's have \[2\]",
        ),
        (damaged(lambda s: s["param_groups"].append(s["param_groups"][0])), r"have \[2, 2\] parameters"),
        (damaged(lambda s: s["state"][1].update(exp_avg=np.ones(5))), r"parameter 1, exp_avg has shape \(5,\).*\(4,\)"),
        (damaged(lambda s: s["state"][1].update(exp_avg=np.ones((2, 2)))), r"parameter 1, exp_avg has shape \(2, 2\)"),
        (damaged(lambda s: s["state"][0].pop("step")), r"parameter 0 has the state \['exp_avg', 'exp_avg_sq'\]"),
        (damaged(lambda s: s["state"].update({7: {}})), r"state for parameters \[7\], which no group has"),
        (damaged(lambda s: s["param_groups"][0].update(lr=-1)), "Adam: lr is -1"),
        (stepped(SGD, momentum=0.9).state_dict(), r"has the state \['momentum_buffer'\], expected \['exp_avg'"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(saved, message):
    optimizer = stepped(Adam)
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(saved)
    np.testing.assert_equal(optimizer.state_dict(), before)


def test_a_state_of_the_wrong_type():
    with pytest.raises(TypeError, match="parameter 1, exp_avg is a list, expected an array"):
        stepped(Adam).load_state_dict(damaged(lambda s: s["state"][1].update(exp_avg=[1, 2, 3, 4])))


def test_the_base_class_is_no_optimizer():
    with pytest.raises(NotImplementedError):
        Optimizer([parameter(1)], {})
