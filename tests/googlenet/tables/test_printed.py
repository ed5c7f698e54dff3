"""The command `summary`: the table that the tutorial behind preset `catsdogs` prints, and the same of all presets."""

import json
import re

import pytest

from googlenet import GoogLeNet, presets
from googlenet.__main__ import main, parser
from googlenet.tables import printed
from googlenet.tables.printed import printed_table

# As its tool (torchsummary) printed it, for images of 81 or 82 pixels.
PRINTED = """\
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1           [-1, 64, 41, 41]           9,472
              ReLU-2           [-1, 64, 41, 41]               0
       BasicConv2d-3           [-1, 64, 41, 41]               0
         MaxPool2d-4           [-1, 64, 20, 20]               0
            Conv2d-5           [-1, 64, 20, 20]           4,160
              ReLU-6           [-1, 64, 20, 20]               0
       BasicConv2d-7           [-1, 64, 20, 20]               0
            Conv2d-8          [-1, 192, 20, 20]         110,784
              ReLU-9          [-1, 192, 20, 20]               0
      BasicConv2d-10          [-1, 192, 20, 20]               0
        MaxPool2d-11          [-1, 192, 10, 10]               0
           Conv2d-12           [-1, 64, 10, 10]          12,352
             ReLU-13           [-1, 64, 10, 10]               0
      BasicConv2d-14           [-1, 64, 10, 10]               0
           Conv2d-15           [-1, 96, 10, 10]          18,528
             ReLU-16           [-1, 96, 10, 10]               0
      BasicConv2d-17           [-1, 96, 10, 10]               0
           Conv2d-18          [-1, 128, 10, 10]         110,720
             ReLU-19          [-1, 128, 10, 10]               0
      BasicConv2d-20          [-1, 128, 10, 10]               0
           Conv2d-21           [-1, 16, 10, 10]           3,088
             ReLU-22           [-1, 16, 10, 10]               0
      BasicConv2d-23           [-1, 16, 10, 10]               0
           Conv2d-24           [-1, 32, 10, 10]          12,832
             ReLU-25           [-1, 32, 10, 10]               0
      BasicConv2d-26           [-1, 32, 10, 10]               0
        MaxPool2d-27          [-1, 192, 10, 10]               0
           Conv2d-28           [-1, 32, 10, 10]           6,176
             ReLU-29           [-1, 32, 10, 10]               0
      BasicConv2d-30           [-1, 32, 10, 10]               0
        Inception-31          [-1, 256, 10, 10]               0
           Conv2d-32          [-1, 128, 10, 10]          32,896
             ReLU-33          [-1, 128, 10, 10]               0
      BasicConv2d-34          [-1, 128, 10, 10]               0
           Conv2d-35          [-1, 128, 10, 10]          32,896
             ReLU-36          [-1, 128, 10, 10]               0
      BasicConv2d-37          [-1, 128, 10, 10]               0
           Conv2d-38          [-1, 192, 10, 10]         221,376
             ReLU-39          [-1, 192, 10, 10]               0
      BasicConv2d-40          [-1, 192, 10, 10]               0
           Conv2d-41           [-1, 32, 10, 10]           8,224
             ReLU-42           [-1, 32, 10, 10]               0
      BasicConv2d-43           [-1, 32, 10, 10]               0
           Conv2d-44           [-1, 96, 10, 10]          76,896
             ReLU-45           [-1, 96, 10, 10]               0
      BasicConv2d-46           [-1, 96, 10, 10]               0
        MaxPool2d-47          [-1, 256, 10, 10]               0
           Conv2d-48           [-1, 64, 10, 10]          16,448
             ReLU-49           [-1, 64, 10, 10]               0
      BasicConv2d-50           [-1, 64, 10, 10]               0
        Inception-51          [-1, 480, 10, 10]               0
        MaxPool2d-52            [-1, 480, 5, 5]               0
           Conv2d-53            [-1, 192, 5, 5]          92,352
             ReLU-54            [-1, 192, 5, 5]               0
      BasicConv2d-55            [-1, 192, 5, 5]               0
           Conv2d-56             [-1, 96, 5, 5]          46,176
             ReLU-57             [-1, 96, 5, 5]               0
      BasicConv2d-58             [-1, 96, 5, 5]               0
           Conv2d-59            [-1, 208, 5, 5]         179,920
             ReLU-60            [-1, 208, 5, 5]               0
      BasicConv2d-61            [-1, 208, 5, 5]               0
           Conv2d-62             [-1, 16, 5, 5]           7,696
             ReLU-63             [-1, 16, 5, 5]               0
      BasicConv2d-64             [-1, 16, 5, 5]               0
           Conv2d-65             [-1, 48, 5, 5]          19,248
             ReLU-66             [-1, 48, 5, 5]               0
      BasicConv2d-67             [-1, 48, 5, 5]               0
        MaxPool2d-68            [-1, 480, 5, 5]               0
           Conv2d-69             [-1, 64, 5, 5]          30,784
             ReLU-70             [-1, 64, 5, 5]               0
      BasicConv2d-71             [-1, 64, 5, 5]               0
        Inception-72            [-1, 512, 5, 5]               0
        AvgPool2d-73            [-1, 512, 4, 4]               0
           Conv2d-74            [-1, 128, 4, 4]          65,664
             ReLU-75            [-1, 128, 4, 4]               0
      BasicConv2d-76            [-1, 128, 4, 4]               0
           Linear-77                 [-1, 1024]       2,098,176
           Linear-78                    [-1, 2]           2,050
     InceptionAux-79                    [-1, 2]               0
           Conv2d-80            [-1, 160, 5, 5]          82,080
             ReLU-81            [-1, 160, 5, 5]               0
      BasicConv2d-82            [-1, 160, 5, 5]               0
           Conv2d-83            [-1, 112, 5, 5]          57,456
             ReLU-84            [-1, 112, 5, 5]               0
      BasicConv2d-85            [-1, 112, 5, 5]               0
           Conv2d-86            [-1, 224, 5, 5]         226,016
             ReLU-87            [-1, 224, 5, 5]               0
      BasicConv2d-88            [-1, 224, 5, 5]               0
           Conv2d-89             [-1, 24, 5, 5]          12,312
             ReLU-90             [-1, 24, 5, 5]               0
      BasicConv2d-91             [-1, 24, 5, 5]               0
           Conv2d-92             [-1, 64, 5, 5]          38,464
             ReLU-93             [-1, 64, 5, 5]               0
      BasicConv2d-94             [-1, 64, 5, 5]               0
        MaxPool2d-95            [-1, 512, 5, 5]               0
           Conv2d-96             [-1, 64, 5, 5]          32,832
             ReLU-97             [-1, 64, 5, 5]               0
      BasicConv2d-98             [-1, 64, 5, 5]               0
        Inception-99            [-1, 512, 5, 5]               0
          Conv2d-100            [-1, 128, 5, 5]          65,664
            ReLU-101            [-1, 128, 5, 5]               0
     BasicConv2d-102            [-1, 128, 5, 5]               0
          Conv2d-103            [-1, 128, 5, 5]          65,664
            ReLU-104            [-1, 128, 5, 5]               0
     BasicConv2d-105            [-1, 128, 5, 5]               0
          Conv2d-106            [-1, 256, 5, 5]         295,168
            ReLU-107            [-1, 256, 5, 5]               0
     BasicConv2d-108            [-1, 256, 5, 5]               0
          Conv2d-109             [-1, 24, 5, 5]          12,312
            ReLU-110             [-1, 24, 5, 5]               0
     BasicConv2d-111             [-1, 24, 5, 5]               0
          Conv2d-112             [-1, 64, 5, 5]          38,464
            ReLU-113             [-1, 64, 5, 5]               0
     BasicConv2d-114             [-1, 64, 5, 5]               0
       MaxPool2d-115            [-1, 512, 5, 5]               0
          Conv2d-116             [-1, 64, 5, 5]          32,832
            ReLU-117             [-1, 64, 5, 5]               0
     BasicConv2d-118             [-1, 64, 5, 5]               0
       Inception-119            [-1, 512, 5, 5]               0
          Conv2d-120            [-1, 112, 5, 5]          57,456
            ReLU-121            [-1, 112, 5, 5]               0
     BasicConv2d-122            [-1, 112, 5, 5]               0
          Conv2d-123            [-1, 144, 5, 5]          73,872
            ReLU-124            [-1, 144, 5, 5]               0
     BasicConv2d-125            [-1, 144, 5, 5]               0
          Conv2d-126            [-1, 288, 5, 5]         373,536
            ReLU-127            [-1, 288, 5, 5]               0
     BasicConv2d-128            [-1, 288, 5, 5]               0
          Conv2d-129             [-1, 32, 5, 5]          16,416
            ReLU-130             [-1, 32, 5, 5]               0
     BasicConv2d-131             [-1, 32, 5, 5]               0
          Conv2d-132             [-1, 64, 5, 5]          51,264
            ReLU-133             [-1, 64, 5, 5]               0
     BasicConv2d-134             [-1, 64, 5, 5]               0
       MaxPool2d-135            [-1, 512, 5, 5]               0
          Conv2d-136             [-1, 64, 5, 5]          32,832
            ReLU-137             [-1, 64, 5, 5]               0
     BasicConv2d-138             [-1, 64, 5, 5]               0
       Inception-139            [-1, 528, 5, 5]               0
       AvgPool2d-140            [-1, 528, 4, 4]               0
          Conv2d-141            [-1, 128, 4, 4]          67,712
            ReLU-142            [-1, 128, 4, 4]               0
     BasicConv2d-143            [-1, 128, 4, 4]               0
          Linear-144                 [-1, 1024]       2,098,176
          Linear-145                    [-1, 2]           2,050
    InceptionAux-146                    [-1, 2]               0
          Conv2d-147            [-1, 256, 5, 5]         135,424
            ReLU-148            [-1, 256, 5, 5]               0
     BasicConv2d-149            [-1, 256, 5, 5]               0
          Conv2d-150            [-1, 160, 5, 5]          84,640
            ReLU-151            [-1, 160, 5, 5]               0
     BasicConv2d-152            [-1, 160, 5, 5]               0
          Conv2d-153            [-1, 320, 5, 5]         461,120
            ReLU-154            [-1, 320, 5, 5]               0
     BasicConv2d-155            [-1, 320, 5, 5]               0
          Conv2d-156             [-1, 32, 5, 5]          16,928
            ReLU-157             [-1, 32, 5, 5]               0
     BasicConv2d-158             [-1, 32, 5, 5]               0
          Conv2d-159            [-1, 128, 5, 5]         102,528
            ReLU-160            [-1, 128, 5, 5]               0
     BasicConv2d-161            [-1, 128, 5, 5]               0
       MaxPool2d-162            [-1, 528, 5, 5]               0
          Conv2d-163            [-1, 128, 5, 5]          67,712
            ReLU-164            [-1, 128, 5, 5]               0
     BasicConv2d-165            [-1, 128, 5, 5]               0
       Inception-166            [-1, 832, 5, 5]               0
       MaxPool2d-167            [-1, 832, 3, 3]               0
          Conv2d-168            [-1, 256, 3, 3]         213,248
            ReLU-169            [-1, 256, 3, 3]               0
     BasicConv2d-170            [-1, 256, 3, 3]               0
          Conv2d-171            [-1, 160, 3, 3]         133,280
            ReLU-172            [-1, 160, 3, 3]               0
     BasicConv2d-173            [-1, 160, 3, 3]               0
          Conv2d-174            [-1, 320, 3, 3]         461,120
            ReLU-175            [-1, 320, 3, 3]               0
     BasicConv2d-176            [-1, 320, 3, 3]               0
          Conv2d-177             [-1, 32, 3, 3]          26,656
            ReLU-178             [-1, 32, 3, 3]               0
     BasicConv2d-179             [-1, 32, 3, 3]               0
          Conv2d-180            [-1, 128, 3, 3]         102,528
            ReLU-181            [-1, 128, 3, 3]               0
     BasicConv2d-182            [-1, 128, 3, 3]               0
       MaxPool2d-183            [-1, 832, 3, 3]               0
          Conv2d-184            [-1, 128, 3, 3]         106,624
            ReLU-185            [-1, 128, 3, 3]               0
     BasicConv2d-186            [-1, 128, 3, 3]               0
       Inception-187            [-1, 832, 3, 3]               0
          Conv2d-188            [-1, 384, 3, 3]         319,872
            ReLU-189            [-1, 384, 3, 3]               0
     BasicConv2d-190            [-1, 384, 3, 3]               0
          Conv2d-191            [-1, 192, 3, 3]         159,936
            ReLU-192            [-1, 192, 3, 3]               0
     BasicConv2d-193            [-1, 192, 3, 3]               0
          Conv2d-194            [-1, 384, 3, 3]         663,936
            ReLU-195            [-1, 384, 3, 3]               0
     BasicConv2d-196            [-1, 384, 3, 3]               0
          Conv2d-197             [-1, 48, 3, 3]          39,984
            ReLU-198             [-1, 48, 3, 3]               0
     BasicConv2d-199             [-1, 48, 3, 3]               0
          Conv2d-200            [-1, 128, 3, 3]         153,728
            ReLU-201            [-1, 128, 3, 3]               0
     BasicConv2d-202            [-1, 128, 3, 3]               0
       MaxPool2d-203            [-1, 832, 3, 3]               0
          Conv2d-204            [-1, 128, 3, 3]         106,624
            ReLU-205            [-1, 128, 3, 3]               0
     BasicConv2d-206            [-1, 128, 3, 3]               0
       Inception-207           [-1, 1024, 3, 3]               0
AdaptiveAvgPool2d-208           [-1, 1024, 1, 1]               0
         Dropout-209                 [-1, 1024]               0
          Linear-210                    [-1, 2]           2,050
================================================================
Total params: 10,309,430
Trainable params: 10,309,430
Non-trainable params: 0
----------------------------------------------------------------
Input size (MB): 0.08
Forward/backward pass size (MB): 12.61
Params size (MB): 39.33
Estimated Total Size (MB): 52.01
----------------------------------------------------------------
"""


def run(capsys, *arguments):
    """Exit status and standard output of `python -m googlenet summary`."""
    status = main(["summary", *map(str, arguments)])
    return status, capsys.readouterr().out


@pytest.fixture(scope="module")
def catsdogs():
    return GoogLeNet(2, "catsdogs")


def test_the_printed_table_itself_is_whole():
    rows = re.findall(r"^ *\w+-(\d+) +\[-1, [\d, ]+\] +([\d,]+)$", PRINTED, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 211))
    assert sum(int(params.replace(",", "")) for _, params in rows) == 10_309_430


@pytest.mark.parametrize("size", [82, 81])
def test_catsdogs_is_printed_character_for_character(catsdogs, size):
    found = str(printed_table(catsdogs, (3, size, size)))
    assert found.splitlines() == PRINTED.splitlines()  # pytest shows the first line that differs
    assert f"{found}\n" == PRINTED


def test_the_command_prints_it(capsys):
    assert run(capsys, "--preset", "catsdogs", "--classes", 2, "--image-size", 82) == (0, PRINTED)


def test_without_heads(capsys):
    found = run(capsys, "--preset", "catsdogs", "--no-aux-heads")[1].splitlines()  # 2 classes, 82 pixels
    assert "InceptionAux" not in "".join(found)
    assert found[-9:-6] == ["Total params: 5,975,602", "Trainable params: 5,975,602", "Non-trainable params: 0"]
    assert len(found) == len(PRINTED.splitlines()) - 14
    assert found[-4:-1] == [
        "Forward/backward pass size (MB): 12.37", "Params size (MB): 22.80", "Estimated Total Size (MB): 35.24",
    ]  # fmt: skip


def test_what_does_not_train_is_counted_apart(catsdogs):
    catsdogs.fc.bias.requires_grad = False
    found = str(printed_table(catsdogs, (3, 81, 81))).splitlines()
    catsdogs.fc.bias.requires_grad = True
    assert found[-9:-6] == ["Total params: 10,309,430", "Trainable params: 10,309,428", "Non-trainable params: 2"]


def kinds(table):
    return [re.fullmatch(r"(\w+)-\d+", row.layer)[1] for row in table.rows]


def table_of(preset, aux_heads=True):
    choice = presets[preset]
    network = GoogLeNet(choice.num_classes, choice, choice.in_channels, aux_heads)
    size = choice.smallest_image
    return network, printed_table(network, (choice.in_channels, size, size))


@pytest.mark.everything("presets")
@pytest.mark.parametrize("aux_heads", [True, False])
@pytest.mark.parametrize("preset", presets)
def test_every_preset_in_the_same_form(preset, aux_heads):
    network, table = table_of(preset, aux_heads)
    choice, found = presets[preset], kinds(table)
    convolutions = 3 + 9 * (6 if choice.reductions else 3) + 2 * aux_heads
    assert table.total_params == table.trainable_params == sum(p.data.size for p in network.parameters())
    assert found.count("Conv2d") == found.count("BasicConv2d") == convolutions
    assert found.count("ReLU") == convolutions + (9 if choice.pool_relu else 0)
    assert found.count("BatchNorm2d") == (convolutions if choice.batch_norm else 0)
    assert found.count("LocalResponseNorm") == (2 if choice.local_response_norm else 0)
    assert (found.count("Inception"), found.count("NaiveInception")) == ((9, 0) if choice.reductions else (0, 9))
    assert found.count("MaxPool2d") == 9 + 3 + choice.pool4_times
    pools = "AdaptiveAvgPool2d" if choice.aux_pool == "adaptive" else "AvgPool2d"
    assert found.count(pools) - (pools == "AdaptiveAvgPool2d") == found.count("InceptionAux") == 2 * aux_heads
    assert (found.count("Dropout"), found.count("Linear")) == (1, 1 + 4 * aux_heads)
    assert [row.layer for row in table.rows] == [f"{kind}-{number}" for number, kind in enumerate(found, 1)]
    assert max(map(len, str(table).splitlines())) <= 80
    if choice.batch_norm:
        assert found[:5] == ["Conv2d", "BatchNorm2d", "ReLU", "BasicConv2d", "MaxPool2d"]


# ---- names, JSON, options -----------------------------------------------------------------------------------------


def test_names_lists_the_layers_as_before(capsys):
    status, out = run(capsys, "--names", "--image-size", 32)
    assert status == 0
    assert "[-1, 192, 4, 4]" in out and "aux2.fc2" in out and "parameters in all: 13,378,280" in out
    assert max(map(len, out.splitlines())) <= 80


def test_as_json(capsys):
    found = json.loads(run(capsys, "--json", "--no-aux-heads", "--image-size", 64)[1])
    assert found["total_params"] == found["trainable_params"] == 6_998_552
    assert found["rows"][0] == {
        "name": "conv1.conv", "kind": "Conv2d", "output_shape": [-1, 64, 32, 32], "params": 9472,
    }  # fmt: skip
    assert found["printed"][1] == {"layer": "ReLU-2", "output_shape": [-1, 64, 32, 32], "params": 0}
    memory = found["memory_mb"]
    assert list(memory) == ["input_size", "forward_backward_pass_size", "params_size", "estimated_total_size"]
    assert memory["input_size"] == 3 * 64 * 64 * 4 / 1024**2
    assert memory["params_size"] == 6_998_552 * 4 / 1024**2
    assert memory["estimated_total_size"] == pytest.approx(sum(list(memory.values())[:3]))


def asked_for(capsys, monkeypatch, *arguments):
    """What `summary` makes and shows: classes, preset, channels, heads, and the shape of the images."""
    asked = []
    monkeypatch.setattr(printed, "GoogLeNet", lambda *arguments: asked.extend(arguments))
    monkeypatch.setattr(printed, "printed_table", lambda model, shape: asked.append(shape))
    assert run(capsys, *arguments)[0] == 0
    classes, preset, channels, aux_heads, shape = asked
    return classes, preset.name, channels, aux_heads, shape


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (1000, "paper", 3, True, (3, 224, 224))),
        (["--preset", "mnist"], (10, "mnist", 1, True, (1, 224, 224))),
        (["--preset", "catsdogs", "--no-aux-heads"], (2, "catsdogs", 3, False, (3, 82, 82))),
        (["--preset", "catsdogs", "--classes", 5, "--channels", 1, "--image-size", 64],
         (5, "catsdogs", 1, True, (1, 64, 64))),
    ],
)  # fmt: skip
def test_what_is_not_said_is_what_the_preset_was_made_for(capsys, monkeypatch, arguments, expected):
    assert asked_for(capsys, monkeypatch, *arguments) == expected


def test_without_options_it_is_the_paper_s_network_with_its_heads():
    options = parser().parse_args(["summary"])
    assert (options.preset, options.aux_heads, options.names) == ("paper", True, False)


def test_a_size_that_a_preset_has_no_use_for_is_one_line(capsys):
    status = main(["summary", "--preset", "mnist", "--image-size", "64"])
    out, err = capsys.readouterr()
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "expected (N, 1, H, W) with H and W at least 125" in err
