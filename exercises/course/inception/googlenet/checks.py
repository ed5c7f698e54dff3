"""How googlenet is checked."""

from unittest import mock

import numpy as np

import minicnn as mc
from exercises.course.inception.weights import conv_names, filled_deep, parameters_of, uninitialized
from exercises.stages import Stage
from minicnn.functional.convolution import Conv2d
from minicnn.functional.dropout import Dropout
from minicnn.functional.im2col import output_size

ANSWER = "GoogLeNet"
LIBRARY = "googlenet.model:GoogLeNet"
USERS = (
    "googlenet.model", "googlenet", "googlenet.evaluation", "googlenet.training.trainer", "googlenet.training.lr_find",
    "googlenet.training.warm_start", "googlenet.weights.file",
)  # fmt: skip
FORBIDDEN = (
    *(f"{user}:GoogLeNet" for user in USERS),
    "googlenet.model:inception_blocks", "googlenet.model:INCEPTION", "googlenet.table:INCEPTION",
)  # fmt: skip

STEM = ("conv1", "conv2", "conv3")
BLOCKS = [f"inception{name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")]
BRANCHES = ("branch1", "branch2.0", "branch2.1", "branch3.0", "branch3.1", "branch4.1")
CLASSIFIERS = [f"{path}.{kind}" for path in ("aux1.fc1", "aux1.fc2", "aux2.fc1", "aux2.fc2", "fc")
               for kind in ("weight", "bias")]  # fmt: skip


def all_names(batch_norm=False):
    convolutions = [*STEM, *(f"{b}.{branch}" for b in BLOCKS for branch in BRANCHES), "aux1.conv", "aux2.conv"]
    return [*conv_names(*convolutions, batch_norm=batch_norm), *CLASSIFIERS]


def parameters(*beginnings):
    """Those whose names begin so; the names of all parameters have to be right."""

    def run(answer, **options):
        with uninitialized():
            network = answer(**options)
        found = parameters_of(network, all_names(options.get("batch_norm", False)))
        return {name: shape for name, shape in found.items() if name.startswith(beginnings)}

    return run


def counts(answer):
    """For 1000 classes, as by itself."""
    with uninitialized():
        named = dict(answer().named_parameters())
    heads = sum(p.data.size for name, p in named.items() if name.startswith("aux"))
    everything = sum(p.data.size for p in named.values())
    return {"parameters without the heads": everything - heads, "with both heads": everything}


def sizes(answer, side):
    """Channels, height and width behind every layer that has weights, in evaluation."""
    with uninitialized():
        network = answer(num_classes=10).eval()
    found = {}
    for name in (*STEM, *BLOCKS, "fc"):

        def hook(module, inputs, output, name=name):
            found[f"behind {name}"] = np.array(output.shape[1:])

        getattr(network, name).register_forward_hook(hook)
    with mock.patch.object(Conv2d, "forward", zeros_of_its_shape), mc.no_grad():
        network(mc.Tensor(np.zeros((1, 3, side, side), np.float32)))
    return found


def zeros_of_its_shape(convolution, x, weight, bias=None):
    """In place of a convolution, where sizes alone matter: it takes no time."""
    oh, ow = output_size("conv2d", x.shape[2:], weight.shape[2:], convolution.stride, convolution.padding)
    return np.zeros((len(x), len(weight), oh, ow), x.dtype)


def share(dropout, x):
    """In place of dropout, which is random: all numbers become smaller, the more so the more would be dropped."""
    dropout.mask = np.full_like(x, 1 - dropout.p / 2)
    return x * dropout.mask


def outputs(answer, x, training, **options):
    """What comes out; dropout as `share` has it."""
    with uninitialized():
        network = filled_deep(answer(in_channels=x.shape[1], **options)).train(training)
    with mock.patch.object(Dropout, "forward", share):
        found = network(mc.Tensor(x))
        if not training or isinstance(found, mc.Tensor):
            return network, {"output": found}
        return network, dict(zip(("logits", "aux1", "aux2"), found, strict=False))


def forward(answer, x, training, **options):
    return outputs(answer, x, training, **options)[1]


def gradients(answer, x, training, **options):
    """The outputs, and some of the gradients when the three are added up."""
    network, found = outputs(answer, x, training, **options)
    if not isinstance(found.get("aux2"), mc.Tensor):
        return found
    (found["logits"].sum() + found["aux1"].sum() + found["aux2"].sum()).backward()
    named = dict(network.named_parameters())
    paths = ("conv1.conv.bias", "inception4a.branch1.conv.bias", "inception4e.branch1.conv.bias", "aux1.fc2.bias")
    return {**found, **{f"gradient of {path}": named[path].grad for path in paths}}


def images(rng, count, channels, height, width):
    """As large as pixels are, so that the local response norm is felt."""
    return 100 * rng.standard_normal((count, channels, height, width), np.float32)


def evaluation_cases(rng):
    return [{"x": images(rng, 2, 3, 32, 64), "training": False, "num_classes": 5}]


def training_cases(rng):
    return [{"x": images(rng, 2, 3, 32, 64), "training": True, "num_classes": 5}]


def normalized_cases(rng):
    return [{"x": images(rng, 2, 1, 32, 64), "training": True, "num_classes": 5, "batch_norm": True, "pool4": 2}]


FEW = [{"num_classes": 5, "in_channels": 1}]
STAGES = [
    Stage("the stem's parameters", parameters(*STEM), FEW),
    Stage("the blocks' parameters", parameters("inception"), FEW, points=2, hint="Compare with the row of Table 1."),
    Stage("the classifiers' parameters", parameters("aux", "fc", "other"), FEW),
    Stage("how many there are", counts, [{}]),
    Stage("the sizes of Table 1", sizes, [{"side": 224}],
          hint="The pools between blocks are 3x3 with stride 2, and round up: ceil_mode=True."),
    Stage("in evaluation", forward, evaluation_cases, tolerance=1e-3),
    Stage("in training, with gradients", gradients, training_cases, tolerance=1e-3, points=2,
          hint="The heads are on 4a and 4d; dropout, 40 %, stands before fc."),
    Stage("with batch norm", parameters("conv", "inception", "aux"), [{"num_classes": 5, "batch_norm": True}]),
    Stage("values with batch norm", forward, normalized_cases, tolerance=1e-3,
          hint="With batch norm there is no local response norm, and pool4 is the last pool's kernel."),
]  # fmt: skip


def install(answer):
    """In the library: for the presets that are like it, paper and batchnorm, with heads."""
    from googlenet import model
    from googlenet.presets import find_preset, presets

    library = model.GoogLeNet

    def network(num_classes=1000, preset="paper", in_channels=3, aux_heads=True):
        choice = find_preset(preset)
        if not aux_heads or choice not in (presets["paper"], presets["batchnorm"]):
            return library(num_classes, preset, in_channels, aux_heads)
        made = answer(num_classes, in_channels, batch_norm=choice.batch_norm, pool4=choice.pool4[0])
        made.preset = choice
        model.initialize(made, choice)
        return made

    return {f"{user}:GoogLeNet": network for user in USERS}
