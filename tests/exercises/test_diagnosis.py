"""Mistakes that are on no list are named, each by what it does; and what fits nothing gets no name."""

import re

import numpy as np
import pytest

from exercises.answers import Failure
from exercises.catalog import find_exercise
from exercises.judging import judge
from exercises.reference import Reference
from exercises.running import run_answer, run_here

Linear, MaxPool2d, AvgPool2d, Mul, ReLU, Softmax, CrossEntropy, Concat = (
    find_exercise(name).solution
    for name in ("linear", "max_pool2d", "avg_pool2d", "multiply", "relu", "softmax", "cross_entropy", "concat")
)


class Unlisted(Reference):
    """An exercise without misconceptions."""

    sentences = ()


def named(exercise, answer, reference=Unlisted):
    exercise = find_exercise(exercise)
    verdict = judge(exercise, run_here(exercise, answer), reference=reference(exercise))
    assert not verdict.passed
    return verdict.first_problem.problem.mistake


def backward_of(kind, change):
    """The solution, with what its backward returns changed."""

    class Changed(kind):
        def backward(self, grad_y):
            return change(self, grad_y, super().backward(grad_y))

    return Changed


def forward_of(kind, change):
    class Changed(kind):
        def forward(self, *inputs):
            return change(self, inputs, super().forward(*inputs))

    return Changed


def last_part(array, axis, like):
    return array.take(range(array.shape[axis] - like.shape[axis], array.shape[axis]), axis)


def some(mistakes):
    """Every one as a parameter; the quick run takes a few."""
    rest = pytest.mark.everything("the course")
    return [pytest.param(*m, id=name, marks=() if i % 4 == 0 else rest) for i, (name, m) in enumerate(mistakes.items())]


FORWARD = {
    "times the kernel": ("avg_pool2d", lambda f, x, y: y * f.kernel_size**2,
                         r"y is the right one times kernel_size\*\*2"),
    "over the kernel": ("max_pool2d", lambda f, x, y: y / f.kernel_size, "y is the right one divided by kernel_size"),
    "off by one": ("avg_pool2d", lambda f, x, y: y + 1, "y is too large by 1 everywhere"),
    "off": ("avg_pool2d", lambda f, x, y: y - 0.25, "y is off by -0.25 everywhere"),
    "whole numbers": ("avg_pool2d", lambda f, x, y: y.astype(int), "has lost what stands behind the point"),
    "float16": ("softmax", lambda f, x, y: y.astype(np.float16), "only as exact as float16"),
    "no negatives": ("avg_pool2d", lambda f, x, y: np.maximum(y, 0), "y is 0 where it has to be negative"),
    "logarithm": ("softmax", lambda f, x, y: np.log(y), "y is the logarithm of the right one"),
    "x itself": ("softmax", lambda f, x, y: x[0], "y is x itself"),
    "reversed": ("softmax", lambda f, x, y: y[:, ::-1], "y is the other way around along axis 1"),
    "shifted": ("linear", lambda f, x, y: np.roll(y, 1, 1), "y is shifted by 1 along axis 1, and goes around"),
    "transposed": ("linear", lambda f, x, y: y.T, "y is transposed"),
    "last row 0": ("linear", lambda f, x, y: np.where(np.arange(len(y))[:, None] < len(y) - 1, y, 0),
                   "y is right but for the last index of axis 0, where it is 0"),
    "first for all": ("linear", lambda f, x, y: np.broadcast_to(y[:1], y.shape),
                      "y is what is right for the first of axis 0 of x, for all, in place of x"),
    "axis missing": ("global_avg_pool", lambda f, x, y: y[..., 0], "right numbers, but an axis of size 1 is missing"),
    "too short": ("linear", lambda f, x, y: y[:, :-1], "stops early: the last ones of axis 1 are missing"),
    "averaged": ("linear", lambda f, x, y: y.mean(1), "y is averaged over axis 1, which has to stay"),
    "one number": ("relu", lambda f, x, y: y.sum(), "y is one number alone, the sum of the right ones"),
    "other axes": ("global_avg_pool", lambda f, x, y: x[0].max((2, 3), keepdims=True),
                   "y is x, at its largest over axes 2, 3"),
    "product": ("add", lambda f, x, y: x[0] * x[1], r"y is a \* b"),
    "places": ("relu", lambda f, x, y: np.where(x[0] < 0, x[0] ** 3, y), "y is wrong only where x is negative"),
}  # fmt: skip

BACKWARD = {
    "zero": ("relu", lambda f, g, dx: 0 * dx, "grad_x is 0 everywhere"),
    "sign": ("avg_pool2d", lambda f, g, dx: -dx, "grad_x has the wrong sign"),
    "factor": ("softmax", lambda f, g, dx: 7 * dx, "grad_x is the right one times 7"),
    "two options": ("avg_pool2d", lambda f, g, dx: dx * (f.kernel_size / f.stride) ** 2,
                    r"grad_x is the right one times \(kernel_size / stride\)\*\*2"),
    "batch": ("cross_entropy", lambda f, g, dx: dx * len(dx),
              "times the number along axis 0 .*: is it a sum where a mean"),
    "grad_y forgotten": ("multiply", lambda f, g, dx: (f.b, dx[1]), "grad_a does not depend on grad_y"),
    "grad_y twice": ("multiply", lambda f, g, dx: (f.b * g * g, dx[1]),
                     "grad_a is the right one times grad_y: .* too much"),
    "exchanged": ("multiply", lambda f, g, dx: dx[::-1], "grad_a is what grad_b has to be: are they exchanged"),
    "in reverse": ("concat", lambda f, g, dx: dx[::-1], "grad_a is what another has to be: they are in reverse order"),
    "a wrong part": ("concat", lambda f, g, dx: (last_part(g, f.axis, dx[0]), *dx[1:]),
                     "grad_a is cut out of grad_y at the wrong place"),
    "over other axes": ("linear", lambda f, g, dx: (dx[0], dx[1], g.sum(1)),
                        "grad_bias is grad_y, added up over axis 1"),
    "not added up": ("linear", lambda f, g, dx: (dx[0], dx[1], g + 0.0), "grad_bias is grad_y itself"),
    "of |x|": ("linear", lambda f, g, dx: (dx[0], g.T @ abs(f.x), dx[2]),
               r"grad_weight is what is right for \|x\| in place"),
    "last alone": ("linear", lambda f, g, dx: (dx[0], g[-1:].T @ f.x[-1:], dx[2]), "with the last index of axis 0 of"),
    "gradcheck's": ("softmax", lambda f, g, dx: f.y * (g - (g * f.y).mean(1, keepdims=True)),
                    "In softmax's gradient, .* there is a mean in place of the sum"),
    "the target": ("cross_entropy",
                   lambda f, g, dx: dx + 2 * (np.arange(dx.shape[1]) == f.targets[:, None]) * g / len(dx),
                   "One element of each row is wrong, perhaps that of the target"),
}  # fmt: skip


@pytest.mark.parametrize("exercise, change, words", some(FORWARD))
def test_a_simple_difference_of_what_forward_returns(exercise, change, words):
    answer = forward_of(find_exercise(exercise).solution, change)
    pattern = re.compile(words)
    assert pattern.search(named(exercise, answer)), named(exercise, answer)


@pytest.mark.parametrize("exercise, change, words", some(BACKWARD))
def test_a_simple_difference_of_what_backward_returns(exercise, change, words):
    answer = backward_of(find_exercise(exercise).solution, change)
    pattern = re.compile(words)
    assert pattern.search(named(exercise, answer)), named(exercise, answer)


@pytest.mark.everything("the course")
def test_numbers_that_have_nothing_to_do_with_it_get_no_name():
    noise = np.random.default_rng(0)
    assert named("linear", forward_of(Linear, lambda f, x, y: noise.standard_normal(y.shape)), Reference) == ""
    answer = backward_of(MaxPool2d, lambda f, g, dx: noise.standard_normal(dx.shape))
    assert named("max_pool2d", answer, Reference) == ""


def test_what_fits_one_case_but_not_the_others_is_no_name():
    """On the case that is shown kernel_size is 2, so that this is the right one times 2 there."""
    answer = forward_of(AvgPool2d, lambda f, x, y: y * {2: 2, 3: 5, 1: 11}[f.kernel_size])
    assert named("avg_pool2d", answer, Reference) == ""


class OneListed(Reference):
    """An exercise with one misconception, and without its solution as code."""

    sentences = ["You took the cube."]

    def wrong(self, mistake, stage, case):
        return {name: value**3 for name, value in self.right(stage, case).items()}

    def right_for(self, stage, case):
        return Failure("ImportError", "")


def test_a_misconception_on_one_output_alone():
    answer = backward_of(Mul, lambda f, g, dx: (dx[0], dx[1] ** 3))
    assert named("multiply", answer, OneListed) == "In grad_b: You took the cube."


def test_a_misconception_and_a_factor():
    answer = backward_of(Mul, lambda f, g, dx: (7 * dx[0] ** 3, dx[1]))
    assert named("multiply", answer, OneListed) == (
        "It looks like two mistakes. One: You took the cube. The other: but for that, grad_a is the right one times 7."
    )


def test_an_error_is_named_where_what_came_before_it_says_the_same():
    class Asserts:  # the misconception has an assert as well, with other words
        def __call__(self, size, kernel, stride, padding):
            places = (size + 2 * padding - kernel) // stride + 1 if stride > 0 else 0
            if places < 1:
                raise AssertionError("of my own")
            return places

    assert named("output_size", Asserts(), Reference).startswith("You used assert; ")


def test_a_misconception_may_agree_up_to_the_stage_that_fails_and_differ_later():
    class SumOverBatch(Softmax):
        def forward(self, x):
            e = np.exp(x - x.max(axis=1, keepdims=True))
            self.y = e / e.sum(axis=0, keepdims=True)
            return self.y if abs(x).max() < 100 else 1 - self.y  # something else in the stage behind

    assert "the sum over the batch" in named("softmax", SumOverBatch, Reference)


@pytest.mark.parametrize("words, sentence", [("no such axis", "You reshaped."), ("out of range", "")])
def test_an_error_is_named_only_where_it_says_the_same(words, sentence):
    class Reshaped(OneListed):
        sentences = ["You reshaped."]

        def wrong(self, mistake, stage, case):
            return Failure("ValueError", "no such axis")

    def fail(f, x, y):
        raise ValueError(words)

    assert named("linear", forward_of(Linear, fail), Reshaped) == sentence


def test_the_smallest_case_that_is_wrong_is_shown():
    answer = forward_of(AvgPool2d, lambda f, x, y: y * (1 if f.kernel_size * f.stride in (3, 4) else 2))
    exercise = find_exercise("avg_pool2d")
    verdict = judge(exercise, run_here(exercise, answer))
    cases = exercise.stages[2].cases_for(0)
    assert cases[verdict.first_problem.problem.number]["x"].size == 50


@pytest.mark.everything("the course")
def test_gradcheck_runs_in_the_answer_s_process(tmp_path):
    path = tmp_path / "relu.py"
    path.write_text(
        "import numpy as np\n"
        "class ReLU:\n"
        "    def forward(self, x):\n        self.x = x\n        return np.maximum(x, 0)\n"
        "    def backward(self, grad_y):\n        return np.where(self.x > 0, grad_y, -0.3 * grad_y)\n"
    )
    exercise = find_exercise("relu")
    found = run_answer(exercise, path)
    assert found.gradcheck is not None
    said = found.gradcheck([(3, 2), (3, 1)])
    assert len(said) == 2 and "Where it is wrong it should be zero" in said[0]
    assert "should be zero" in judge(exercise, found, reference=Unlisted(exercise)).first_problem.problem.mistake


@pytest.mark.everything("the course")
def test_a_class_s_answers_are_not_run_twice(tmp_path):
    from exercises.running import Place

    path = tmp_path / "relu.py"
    path.write_text("ReLU = None\n")
    assert run_answer(find_exercise("relu"), path, place=Place()).gradcheck is None


def test_a_course_without_solutions_does_without_them():
    """Its misconceptions are known by what they give; what is right for other inputs is not."""
    answer = backward_of(Linear, lambda f, g, dx: (2 * dx[0], dx[1], dx[2]))
    assert named("linear", answer, OneListed) == "grad_x is the right one times 2."


@pytest.mark.parametrize(
    "strange",
    [
        lambda y: y > 0,
        lambda y: np.empty((0,) * 4),
        lambda y: np.zeros((1,) * 30),
        lambda y: np.full_like(y, np.inf),
        lambda y: np.full(y.shape, 200, np.uint8),
        lambda y: y * 1e300,
        lambda y: np.array(np.nan),
        lambda y: np.array(["a", "b"]),
        lambda y: None,
    ],
)
def test_whatever_comes_there_is_a_verdict(strange):
    named("linear", forward_of(Linear, lambda f, x, y: strange(y)), Reference)


def test_where_only_passing_counts_no_mistake_is_looked_for(monkeypatch):
    from exercises import judging

    exercise = find_exercise("relu")
    found = run_here(exercise, forward_of(ReLU, lambda f, x, y: -y))
    named = judge(exercise, found)
    monkeypatch.setattr(judging, "name_mistake", lambda *place: pytest.fail("it was looked for"))
    verdict = judge(exercise, found, naming=False)
    assert verdict.points == named.points and named.first_problem.problem.mistake
    assert verdict.first_problem.problem.mistake == ""
