"""The GoogLeNets that there are: what each of them does differently."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """The choices in which GoogLeNets differ; the channels of the blocks are Table 1's in all of them.

    The defaults are the paper's. Why each differs, and the source: googlenet/differences.py. One of your own:
    `dataclasses.replace(presets["paper"], name="mine", dropout=0.2)`.
    """

    name: str
    local_response_norm: bool  # after pool1 and after the 3x3 convolution of the stem (Figure 3)
    batch_norm: bool  # after every convolution, which then has no bias
    pool4: tuple[int, int]  # kernel and stride of the last max pool
    dropout: float  # before the classifier
    aux_dropout: float  # before the classifiers of the auxiliary heads
    reductions: bool = True  # 1x1 convolutions in front of the 3x3 and 5x5 ones (Figure 2b); without: Figure 2a
    kernel_5x5: int = 5  # what the kernels really are that the paper has as 5x5
    pool_relu: bool = False  # a ReLU behind the max pool inside of the blocks
    ceil_mode: bool = True  # the max pools between the blocks keep windows that hang over the edge
    pool4_times: int = 1  # how often the last max pool is applied
    aux_pool: str = "5x5/3"  # in the heads, where it gives aux_size (else it adapts); "adaptive": it always does
    aux_size: int = 4  # pixels along a side behind that pool
    aux_first_dropout: float = 0.0  # before the first linear layer of the heads
    sum_logits: bool = False  # train with one cross-entropy, of logits + 0.3 (aux1 + aux2)
    transform_input: bool = False  # bring images that ImageNet's mean and std have normalized to [-1, 1]
    initial_weights: str = "he"  # variance 2 / fan-in, classifiers small; "caffe": its "xavier", variance 1 / fan-in
    initial_bias: float = 0.0  # of all layers but the classifiers, which start at 0
    bias_lr: float = 1.0  # how often the weights' learning rate; the network does nothing with it, the optimizer has to
    bias_decay: float = 1.0  # likewise of the weight decay
    num_classes: int = 1000  # what it was made for: nothing else follows from these three
    in_channels: int = 3
    image_size: int = 224

    def __post_init__(self) -> None:
        """ValueError, naming the field, for what no network could be made of."""
        one_of = {"aux_pool": ("5x5/3", "adaptive"), "initial_weights": ("he", "caffe")}
        for name, choices in one_of.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"Preset: {name} is {getattr(self, name)!r}, expected one of {', '.join(choices)}")
        if self.kernel_5x5 % 2 == 0:
            raise ValueError(f"Preset: kernel_5x5 is {self.kernel_5x5}, expected an odd number, which has a middle")

    @property
    def smallest_image(self) -> int:
        """Pixels along a side that an image needs so that block 5a gets one; but at least 32.

        From there back to the image: (W - F + 2P) / S + 1, solved for W. In ceil mode S - 1 pixels less will do.
        """
        pixels = 1
        for kernel, stride in [self.pool4] * self.pool4_times + 3 * [(3, 2)]:
            pixels = (pixels - 1) * stride + kernel - (stride - 1 if self.ceil_mode else 0)
        return max(32, (pixels - 1) * 2 + 7 - 2 * 3)  # the first convolution: 7x7, stride 2, padding 3


presets = {
    preset.name: preset
    for preset in [
        #      name           LRN    batch norm  pool4   dropout  in the heads
        Preset("paper",       True,  False,      (3, 2), 0.4,     0.7),
        Preset("plain",       False, False,      (2, 2), 0.4,     0.7),
        Preset("batchnorm",   False, True,       (2, 2), 0.4,     0.7),
        Preset("caffe",       True,  False,      (3, 2), 0.4,     0.7,
               initial_weights="caffe", initial_bias=0.2, bias_lr=2.0, bias_decay=0.0),
        Preset("torchvision", False, True,       (2, 2), 0.2,     0.7,
               kernel_5x5=3, aux_pool="adaptive", transform_input=True),
        Preset("mnist",       False, False,      (3, 2), 0.4,     0.5,
               pool_relu=True, ceil_mode=False, pool4_times=2, aux_size=3, aux_first_dropout=0.5, sum_logits=True,
               num_classes=10, in_channels=1),
        Preset("catsdogs",    False, False,      (2, 2), 0.4,     0.7, num_classes=2, image_size=82),
        Preset("naive",       True,  False,      (3, 2), 0.4,     0.7, reductions=False),
    ]
}  # fmt: skip


def find_preset(preset: str | Preset) -> Preset:
    """The preset of that name; ValueError where there is none."""
    if isinstance(preset, Preset):
        return preset
    if preset not in presets:
        raise ValueError(f"preset: got {preset!r}, expected one of {', '.join(presets)}")
    return presets[preset]
