"""How lost_gradient is checked."""

from exercises.stages import Stage

ANSWER = "Value"
FIND_THE_BUG = True


def run(answer, formula, **numbers):
    """The value of a formula, and the gradient of each number in it."""
    values = {name: answer(float(number)) for name, number in numbers.items()}
    y = eval(formula, {}, dict(values))  # := gives a part of it a name, so that it can be used twice
    y.backward()
    return {"value": float(y.data), **{f"grad_{name}": float(value.grad) for name, value in values.items()}}


def cases(*formulas):
    return [{"formula": formula, **numbers} for formula, numbers in formulas]


def random_cases(rng):
    a, b = rng.integers(3, 9, 2)
    return cases(
        ("a * a + a", {"a": 2}),
        ("(s := a + b) * s", {"a": 2, "b": b}),
        ("(s := a * b) * s + s", {"a": a, "b": b}),
        ("(s := a * b) + s * a", {"a": a, "b": b}),
        ("(a + b) * (a * b)", {"a": 2, "b": 2}),
        ("(a + b) * a * b", {"a": a, "b": a}),
        ("(a + 1) * (b + 1) * a", {"a": a, "b": a}),
        ("a * a * a + b * a", {"a": a, "b": b}),
    )


STAGES = [
    Stage("sums and products", run, cases(("a + b", {"a": 3, "b": 5}), ("a * b", {"a": 3, "b": 5}))),
    Stage("x used twice", run, cases(("a * a", {"a": 3}), ("a * b + a", {"a": 3, "b": 5}))),
    Stage("the clue", run, cases(("(a + 1) * (b + 1)", {"a": 3, "b": 5}), ("(a + 1) * (b + 1)", {"a": 3, "b": 3}))),
    Stage("other formulas", run, random_cases, points=2),
]
