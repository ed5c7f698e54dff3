"""Typical wrong answers to col2im."""

import numpy as np

from exercises.course.convolution.col2im.solution import col2im as right
from exercises.stages import Mistakes

mistake = Mistakes()


def places(size, kernel, stride, padding):
    return tuple((n + 2 * padding - k) // stride + 1 for n, k in zip(size, kernel, strict=True))


def as_patches(columns, size, kernel, stride, padding):
    """The columns as (N, C, KH, KW, OH, OW)."""
    return columns.reshape(len(columns), -1, *kernel, *places(size, kernel, stride, padding))


def as_columns(patches):
    """The way back."""
    n, c, kh, kw, oh, ow = patches.shape
    return patches.reshape(n, c * kh * kw, oh * ow)


def put(columns, size, kernel, stride, padding, write):
    """The padded image, with write(window, patch) at every place."""
    patches = as_patches(columns, size, kernel, stride, padding)
    (kh, kw), (n, c) = kernel, patches.shape[:2]
    padded = np.zeros((n, c, size[0] + 2 * padding, size[1] + 2 * padding))
    for i, j in np.ndindex(patches.shape[4:]):
        write(padded[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw], patches[..., i, j])
    return padded


def cut(padded, size, padding):
    return padded[:, :, padding : padding + size[0], padding : padding + size[1]]


def add(window, patch):
    window += patch


def count(columns, size, kernel, stride, padding):
    """How many patches each pixel lies in; 1 where there is none."""
    return np.maximum(1, right(np.ones_like(columns), size, kernel, stride, padding))


# ---- adding up -----------------------------------------------------------------------------------------------------


@mistake(
    "You kept the last patch that a pixel lies in, as = does, or += with an index that has it twice; they are added up."
)
def overwritten(columns, size, kernel, stride, padding):
    def write(window, patch):
        window[...] = patch

    return cut(put(columns, size, kernel, stride, padding, write), size, padding)


@mistake("You kept the first patch that a pixel lies in, as = in loops over the kernel does; all of them are added up.")
def first_kept(columns, size, kernel, stride, padding):
    def write(window, patch):
        window[...] = np.where(window == 0, patch, window)

    return cut(put(columns, size, kernel, stride, padding, write), size, padding)


@mistake("You took the mean of the patches that a pixel lies in, so as to undo im2col; its adjoint adds them up.")
def mean(columns, size, kernel, stride, padding):
    return right(columns, size, kernel, stride, padding) / count(columns, size, kernel, stride, padding)


@mistake("You divided by the size of the kernel; the patches that a pixel lies in are added up, no more.")
def divided(columns, size, kernel, stride, padding):
    return right(columns, size, kernel, stride, padding) / (kernel[0] * kernel[1])


@mistake("You took the largest of the patches that a pixel lies in; they are added up.")
def largest(columns, size, kernel, stride, padding):
    def write(window, patch):
        window[...] = np.maximum(window, patch)

    return cut(put(columns, size, kernel, stride, padding, write), size, padding)


@mistake("You began with ones; what is added to begins with zeros.")
def from_ones(columns, size, kernel, stride, padding):
    return right(columns, size, kernel, stride, padding) + 1


@mistake("You divided by the number of places; what the patches give is added up, no more.")
def divided_by_places(columns, size, kernel, stride, padding):
    return right(columns, size, kernel, stride, padding) / columns.shape[2]


@mistake("You put a minus; the numbers are added as they are.")
def minus(columns, size, kernel, stride, padding):
    return -right(columns, size, kernel, stride, padding)


@mistake("You added everything twice; each number of the columns goes to one pixel, once.")
def twice(columns, size, kernel, stride, padding):
    return 2 * right(columns, size, kernel, stride, padding)


@mistake("You returned zeros; nothing was added.")
def zeros(columns, size, kernel, stride, padding):
    return 0 * right(columns, size, kernel, stride, padding)


@mistake("You cut the numbers down to whole ones, as an array of integers does; x has the dtype of the columns.")
def whole_numbers(columns, size, kernel, stride, padding):
    return right(np.trunc(columns), size, kernel, stride, padding)


# ---- the order -----------------------------------------------------------------------------------------------------


@mistake("You reshaped to (N, C, OH, OW, KH, KW); in the columns the kernel's axes come before the places: transpose.")
def reshaped_windows(columns, size, kernel, stride, padding):
    n, oh_ow = len(columns), places(size, kernel, stride, padding)
    patches = columns.reshape(n, -1, *oh_ow, *kernel).transpose(0, 1, 4, 5, 2, 3)
    return right(as_columns(patches), size, kernel, stride, padding)


@mistake("You took rows in place of columns; a patch is columns[:, :, place].")
def rows(columns, size, kernel, stride, padding):
    turned = columns.reshape(len(columns), columns.shape[2], columns.shape[1]).swapaxes(1, 2)
    return right(turned, size, kernel, stride, padding)


@mistake("You read a column with the channels last; it holds the whole patch of one channel, then that of the next.")
def channels_last(columns, size, kernel, stride, padding):
    n, rows_, _ = columns.shape
    patches = columns.reshape(n, *kernel, rows_ // (kernel[0] * kernel[1]), *places(size, kernel, stride, padding))
    return right(as_columns(patches.transpose(0, 3, 1, 2, 4, 5)), size, kernel, stride, padding)


@mistake("You read the patch column by column; it was written row by row.")
def patch_by_columns(columns, size, kernel, stride, padding):
    n, _, oh_ow = columns.shape
    patches = columns.reshape(n, -1, kernel[1], kernel[0], oh_ow).swapaxes(2, 3)
    return right(patches.reshape(columns.shape), size, kernel, stride, padding)


@mistake("You walked over the places column by column; they are counted row by row: place (i, j) is column i*OW + j.")
def places_by_columns(columns, size, kernel, stride, padding):
    oh, ow = places(size, kernel, stride, padding)
    n, rows_, _ = columns.shape
    swapped = columns.reshape(n, rows_, ow, oh).swapaxes(2, 3).reshape(columns.shape)
    return right(swapped, size, kernel, stride, padding)


@mistake("You turned the patches around; they go back as they came.")
def turned(columns, size, kernel, stride, padding):
    patches = as_patches(columns, size, kernel, stride, padding)
    return right(as_columns(patches[:, :, ::-1, ::-1]), size, kernel, stride, padding)


@mistake("You mixed up KH and KW; kernel is (rows, columns).")
def kernel_mixed_up(columns, size, kernel, stride, padding):
    return right(columns, size, kernel[::-1], stride, padding)


@mistake("You mixed up H and W; size is (H, W).")
def size_mixed_up(columns, size, kernel, stride, padding):
    return right(columns, size[::-1], kernel, stride, padding)


@mistake("You multiplied i by OH; the places are counted row by row, and a row has OW of them: column i*OW + j.")
def by_rows(columns, size, kernel, stride, padding):
    oh, ow = places(size, kernel, stride, padding)
    return right(columns[:, :, [i * oh + j for i, j in np.ndindex(oh, ow)]], size, kernel, stride, padding)


@mistake("You mirrored the patches left to right; they go back as they came.")
def mirrored(columns, size, kernel, stride, padding):
    patches = as_patches(columns, size, kernel, stride, padding)
    return right(as_columns(patches[:, :, :, ::-1]), size, kernel, stride, padding)


# ---- stride and padding --------------------------------------------------------------------------------------------


@mistake("You forgot the stride where the patches are put; place (i, j) begins at row i * stride, column j * stride.")
def stride_forgotten(columns, size, kernel, stride, padding):
    patches = as_patches(columns, size, kernel, stride, padding)
    padded = np.zeros((*patches.shape[:2], size[0] + 2 * padding, size[1] + 2 * padding))
    for i, j in np.ndindex(patches.shape[4:]):
        padded[:, :, i : i + kernel[0], j : j + kernel[1]] += patches[..., i, j]
    return cut(padded, size, padding)


@mistake("You counted the places without the stride; OH = (H + 2 padding - KH) // stride + 1.")
def places_without_stride(columns, size, kernel, stride, padding):
    (oh, ow), (kh, kw), n = places(size, kernel, 1, padding), kernel, len(columns)
    padded = np.zeros((n, columns.shape[1] // (kh * kw), size[0] + 2 * padding, size[1] + 2 * padding))
    for i, j in np.ndindex(oh, ow):
        window = padded[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
        window += columns[:, :, i * ow + j].reshape(n, -1, kh, kw)
    return cut(padded, size, padding)


@mistake("You moved by the size of the kernel; the patches lie a stride apart, and may overlap.")
def moved_by_kernel(columns, size, kernel, stride, padding):
    patches = as_patches(columns, size, kernel, stride, padding)
    (kh, kw), (oh, ow) = kernel, patches.shape[4:]
    padded = np.zeros((*patches.shape[:2], max(oh * kh, size[0] + 2 * padding), max(ow * kw, size[1] + 2 * padding)))
    for i, j in np.ndindex(oh, ow):
        padded[:, :, i * kh : i * kh + kh, j * kw : j * kw + kw] += patches[..., i, j]
    return cut(padded, size, padding)


@mistake("You left the padding on; x has the size (H, W): cut the frame off.")
def not_cut(columns, size, kernel, stride, padding):
    return put(columns, size, kernel, stride, padding, add)


@mistake("You cut off the padding at the end alone, [:H, :W]; the image is in the middle: [padding : padding + H].")
def cut_at_the_end(columns, size, kernel, stride, padding):
    return put(columns, size, kernel, stride, padding, add)[:, :, : size[0], : size[1]]


@mistake("You cut off the padding at the beginning alone; the image is in the middle: [padding : padding + H].")
def cut_at_the_beginning(columns, size, kernel, stride, padding):
    return put(columns, size, kernel, stride, padding, add)[:, :, 2 * padding :, 2 * padding :]


@mistake("You cut the padding off the rows alone; it is at all four edges.")
def cut_rows(columns, size, kernel, stride, padding):
    return put(columns, size, kernel, stride, padding, add)[:, :, padding : padding + size[0]]


@mistake("You cut the padding off the columns alone; it is at all four edges.")
def cut_columns(columns, size, kernel, stride, padding):
    return put(columns, size, kernel, stride, padding, add)[:, :, :, padding : padding + size[1]]


@mistake("You cut with [padding : H], which ends too early; the image ends at padding + H.")
def cut_too_early(columns, size, kernel, stride, padding):
    return put(columns, size, kernel, stride, padding, add)[:, :, padding : size[0], padding : size[1]]


@mistake("You cut with [padding : -padding]; for padding 0 that is [0 : 0], nothing. Write [padding : padding + H].")
def minus_padding(columns, size, kernel, stride, padding):
    return put(columns, size, kernel, stride, padding, add)[:, :, padding:-padding, padding:-padding]


@mistake("You forgot the padding; the first patch begins at row -padding, so add to a padded image and cut it.")
def padding_forgotten(columns, size, kernel, stride, padding):
    (oh, ow), (kh, kw), n = places(size, kernel, stride, 0), kernel, len(columns)
    x = np.zeros((n, columns.shape[1] // (kh * kw), *size))
    for i, j in np.ndindex(oh, ow):
        window = x[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
        window += columns[:, :, i * ow + j].reshape(n, -1, kh, kw)
    return x


@mistake(
    "You added to an image without its frame; a patch that lies partly in the padding has no room there: pad first."
)
def without_frame(columns, size, kernel, stride, padding):
    patches = as_patches(columns, size, kernel, stride, padding)
    x = np.zeros((*patches.shape[:2], *size))
    for i, j in np.ndindex(patches.shape[4:]):
        x[:, :, i * stride : i * stride + kernel[0], j * stride : j * stride + kernel[1]] += patches[..., i, j]
    return x


@mistake("You left out the last place along each axis; there are (H + 2 padding - KH) // stride + 1.")
def without_last(columns, size, kernel, stride, padding):
    patches = as_patches(columns, size, kernel, stride, padding).copy()
    patches[..., -1, :] = patches[..., -1] = 0
    return right(as_columns(patches), size, kernel, stride, padding)


# ---- channels and images -------------------------------------------------------------------------------------------


@mistake("You added all channels into one; each has its own patches.")
def channels_summed(columns, size, kernel, stride, padding):
    return right(columns, size, kernel, stride, padding).sum(axis=1, keepdims=True)


@mistake("You left the axis of the images out; x is (N, C, H, W), also for one image.")
def without_images(columns, size, kernel, stride, padding):
    return right(columns, size, kernel, stride, padding)[0]


@mistake("You added up the images; each has its own columns.")
def images_summed(columns, size, kernel, stride, padding):
    return right(columns, size, kernel, stride, padding).sum(axis=0)


@mistake("You gave all channels the patches of the first; each has its own.")
def first_channel(columns, size, kernel, stride, padding):
    x = right(columns, size, kernel, stride, padding)
    return np.broadcast_to(x[:, :1], x.shape)


@mistake("You returned x with the channels last; it is (N, C, H, W).")
def result_channels_last(columns, size, kernel, stride, padding):
    return right(columns, size, kernel, stride, padding).transpose(0, 2, 3, 1)


@mistake("You gave all images the columns of the first; each has its own.")
def first_image(columns, size, kernel, stride, padding):
    return right(np.broadcast_to(columns[:1], columns.shape), size, kernel, stride, padding)
