"""Learning-rate schedules to test, and to compare with PyTorch's."""

# Each schedule as a function of the module it comes from, ours or PyTorch's, and of the optimizer.
SCHEDULES = {
    "step": lambda m, o: m.StepLR(o, 8, 0.96),
    "step, every time": lambda m, o: m.StepLR(o, step_size=1, gamma=0.5),
    "step, default gamma": lambda m, o: m.StepLR(o, 7),
    "multistep": lambda m, o: m.MultiStepLR(o, [5, 11, 30], 0.3),
    "multistep, unsorted and twice": lambda m, o: m.MultiStepLR(o, milestones=[20, 3, 20], gamma=0.5),
    "multistep, at 0": lambda m, o: m.MultiStepLR(o, [0, 4]),
    "polynomial": lambda m, o: m.PolynomialLR(o),
    "polynomial, Caffe's": lambda m, o: m.PolynomialLR(o, total_iters=40, power=0.5),
    "polynomial, power 2": lambda m, o: m.PolynomialLR(o, 60, 2.0),
    "polynomial, power 0": lambda m, o: m.PolynomialLR(o, 10, 0.0),
    "cosine": lambda m, o: m.CosineAnnealingLR(o, 50),
    "cosine, beyond T_max": lambda m, o: m.CosineAnnealingLR(o, T_max=12, eta_min=0.01),
    "cosine, T_max 1": lambda m, o: m.CosineAnnealingLR(o, 1),
    "linear": lambda m, o: m.LinearLR(o),
    "linear, long": lambda m, o: m.LinearLR(o, start_factor=0.01, end_factor=0.9, total_iters=30),
    "linear, down": lambda m, o: m.LinearLR(o, 1.0, 0.1, 10),
    "sequence": lambda m, o: m.SequentialLR(o, [m.LinearLR(o, 0.1, 1.0, 5), m.CosineAnnealingLR(o, 45)], [5]),
    "sequence, cut short": lambda m, o: m.SequentialLR(o, [m.LinearLR(o, 0.1, 1.0, 10), m.StepLR(o, 3)], [4]),
    "sequence of three": lambda m, o: m.SequentialLR(
        o,
        schedulers=[m.LinearLR(o, 0.5), m.PolynomialLR(o, 20, 2.0), m.MultiStepLR(o, [2, 4], 0.5)],
        milestones=[7, 25],
    ),
    "sequence, empty second": lambda m, o: m.SequentialLR(o, [m.StepLR(o, 2), m.StepLR(o, 3), m.StepLR(o, 4)], [9, 9]),
    "sequence, empty first": lambda m, o: m.SequentialLR(o, [m.LinearLR(o), m.StepLR(o, 3)], [0]),
    "sequence of one": lambda m, o: m.SequentialLR(o, [m.StepLR(o, 3)], []),
}
