"""Typical wrong answers to im2col."""

import numpy as np

from exercises.stages import Mistakes

mistake = Mistakes()


def padded(x, padding, **how):
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), **how)


def patches_of(x, kernel, stride):
    """(N, C, KH, KW, OH, OW), of an image that is padded already."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return windows[:, :, ::stride, ::stride].transpose(0, 1, 4, 5, 2, 3)


def as_columns(patches):
    """From the right order of axes."""
    n, c, kh, kw, oh, ow = patches.shape
    return patches.reshape(n, c * kh * kw, oh * ow)


def right_patches(x, kernel, stride, padding):
    return patches_of(padded(x, padding), kernel, stride)


# ---- the order of rows and columns ---------------------------------------------------------------------------------


@mistake("You wrote the patches as rows; each is a column: (N, C*KH*KW, OH*OW).")
def as_rows(x, kernel, stride, padding):
    return as_columns(right_patches(x, kernel, stride, padding)).swapaxes(1, 2)


@mistake("You wrote all patches as rows of one matrix; here each image has its own, and a patch is a column.")
def rows_of_all(x, kernel, stride, padding):
    columns = as_columns(right_patches(x, kernel, stride, padding))
    return columns.swapaxes(1, 2).reshape(-1, columns.shape[1])


@mistake("You put the columns of all images into one matrix; each image has its own: (N, C*KH*KW, OH*OW).")
def one_matrix(x, kernel, stride, padding):
    columns = as_columns(right_patches(x, kernel, stride, padding))
    return np.concatenate(list(columns), axis=1)


@mistake("You kept all axes, (N, C, KH, KW, OH, OW); reshape them to (N, C*KH*KW, OH*OW).")
def all_axes(x, kernel, stride, padding):
    return right_patches(x, kernel, stride, padding)


@mistake("You reshaped patches that have their places in front, as if the axes moved by that; transpose them first.")
def reshaped(x, kernel, stride, padding):
    patches = right_patches(x, kernel, stride, padding)
    n, c, kh, kw, oh, ow = patches.shape
    return patches.transpose(0, 4, 5, 1, 2, 3).reshape(n, c * kh * kw, oh * ow)


@mistake("You reshaped (N, C, OH, OW, KH, KW) at once; the axes of the kernel have to come before the places.")
def reshaped_windows(x, kernel, stride, padding):
    patches = right_patches(x, kernel, stride, padding)
    n, c, kh, kw, oh, ow = patches.shape
    return patches.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * kh * kw, oh * ow)


@mistake("You put the channels last in a column; it holds the whole patch of one channel, then that of the next.")
def channels_last(x, kernel, stride, padding):
    patches = right_patches(x, kernel, stride, padding)
    n, c, kh, kw, oh, ow = patches.shape
    return patches.transpose(0, 2, 3, 1, 4, 5).reshape(n, c * kh * kw, oh * ow)


@mistake("You wrote the patch down column by column; it is read row by row.")
def patch_by_columns(x, kernel, stride, padding):
    patches = right_patches(x, kernel, stride, padding)
    n, c, kh, kw, oh, ow = patches.shape
    return patches.swapaxes(2, 3).reshape(n, c * kh * kw, oh * ow)


@mistake("You walked over the places column by column; they are counted row by row: place (i, j) is column i*OW + j.")
def places_by_columns(x, kernel, stride, padding):
    patches = right_patches(x, kernel, stride, padding)
    n, c, kh, kw, oh, ow = patches.shape
    return patches.swapaxes(4, 5).reshape(n, c * kh * kw, oh * ow)


@mistake("You turned the patches around; a column holds the patch as it is.")
def turned(x, kernel, stride, padding):
    return as_columns(right_patches(x, kernel, stride, padding)[:, :, ::-1, ::-1])


@mistake("You mixed up KH and KW; kernel is (rows, columns).")
def kernel_mixed_up(x, kernel, stride, padding):
    return as_columns(right_patches(x, kernel[::-1], stride, padding))


@mistake("You put the places in front, (OH*OW, N, C*KH*KW); stack the columns along the last axis.")
def places_first(x, kernel, stride, padding):
    return as_columns(right_patches(x, kernel, stride, padding)).transpose(2, 0, 1)


@mistake("You put the images last, (C*KH*KW, OH*OW, N); they come first.")
def images_last(x, kernel, stride, padding):
    return as_columns(right_patches(x, kernel, stride, padding)).transpose(1, 2, 0)


@mistake("You multiplied i by OH; the places are counted row by row, and a row has OW of them: column i*OW + j.")
def by_rows(x, kernel, stride, padding):
    patches = right_patches(x, kernel, stride, padding)
    columns = np.zeros_like(as_columns(patches))
    oh, ow = patches.shape[4:]
    for i, j in np.ndindex(oh, ow):
        columns[:, :, i * oh + j] = patches[..., i, j].reshape(len(x), -1)
    return columns


@mistake("You used KH for both sides of the kernel; it is (KH, KW).")
def square_of_rows(x, kernel, stride, padding):
    return as_columns(right_patches(x, (kernel[0], kernel[0]), stride, padding))


@mistake("You used KW for both sides of the kernel; it is (KH, KW).")
def square_of_columns(x, kernel, stride, padding):
    return as_columns(right_patches(x, (kernel[1], kernel[1]), stride, padding))


@mistake("You mirrored the patches left to right; a column holds the patch as it is.")
def mirrored_patch(x, kernel, stride, padding):
    return as_columns(right_patches(x, kernel, stride, padding)[:, :, :, ::-1])


@mistake("You transposed the image; its rows come first.")
def image_transposed(x, kernel, stride, padding):
    return as_columns(right_patches(x.swapaxes(2, 3), kernel, stride, padding))


@mistake("You returned zeros; nothing was written into the columns.")
def zeros(x, kernel, stride, padding):
    return np.zeros_like(as_columns(right_patches(x, kernel, stride, padding)))


@mistake("You cut the numbers down to whole ones, as an array of integers does; columns has the dtype of x.")
def whole_numbers(x, kernel, stride, padding):
    return np.trunc(as_columns(right_patches(x, kernel, stride, padding)))


# ---- which places --------------------------------------------------------------------------------------------------


@mistake("You forgot the stride; the window moves by it.")
def without_stride(x, kernel, stride, padding):
    return as_columns(right_patches(x, kernel, 1, padding))


@mistake("You forgot the stride where the patches are taken, though not in their number; place i begins at i * stride.")
def stride_in_size_only(x, kernel, stride, padding):
    oh, ow = right_patches(x, kernel, stride, padding).shape[4:]
    return as_columns(right_patches(x, kernel, 1, padding)[..., :oh, :ow])


@mistake("You moved the window by its own size; it moves by the stride, and windows may overlap.")
def moved_by_its_size(x, kernel, stride, padding):
    windows = right_patches(x, kernel, 1, padding)
    return as_columns(windows[..., :: kernel[0], :: kernel[1]])


@mistake("You used the stride inside of the patch; pixels of a patch are neighbors, the stride is between patches.")
def dilated(x, kernel, stride, padding):
    wide = padded(x, padding)
    oh, ow = patches_of(wide, kernel, stride).shape[4:]
    wide = np.pad(wide, ((0, 0), (0, 0), (0, stride * kernel[0]), (0, stride * kernel[1])))
    reach = tuple((k - 1) * stride + 1 for k in kernel)
    return as_columns(patches_of(wide, reach, stride)[:, :, ::stride, ::stride, :oh, :ow])


@mistake("You multiplied the place in the patch by the stride; it is the patch that moves by it: row i * stride + u.")
def stride_in_the_patch(x, kernel, stride, padding):
    patches = right_patches(x, kernel, stride, padding).copy()
    wide = np.pad(padded(x, padding), ((0, 0), (0, 0), (0, stride * kernel[0]), (0, stride * kernel[1])))
    oh, ow = patches.shape[4:]
    for u, v in np.ndindex(*kernel):
        patches[:, :, u, v] = wide[:, :, u * stride : u * stride + oh, v * stride : v * stride + ow]
    return as_columns(patches)


@mistake("You let the loops over the kernel end one row and one column early; those stayed zeros.")
def kernel_too_short(x, kernel, stride, padding):
    patches = right_patches(x, kernel, stride, padding).copy()
    patches[:, :, -1] = patches[:, :, :, -1] = 0
    return as_columns(patches)


@mistake("You left out the last place along each axis; there are (H + 2 padding - KH) // stride + 1.")
def without_last(x, kernel, stride, padding):
    return as_columns(right_patches(x, kernel, stride, padding)[..., :-1, :-1])


@mistake("You let the loops end one place early; the last column of places, and the last row, stayed zeros.")
def loops_too_short(x, kernel, stride, padding):
    patches = right_patches(x, kernel, stride, padding).copy()
    patches[..., -1] = patches[..., -1, :] = 0
    return as_columns(patches)


@mistake("You left the last column empty; there are OH*OW places, the last one is OH*OW - 1.")
def last_empty(x, kernel, stride, padding):
    columns = as_columns(right_patches(x, kernel, stride, padding)).copy()
    columns[:, :, -1] = 0
    return columns


@mistake("You took one place too many along each axis; the last window has to fit.")
def one_too_many(x, kernel, stride, padding):
    wide = np.pad(padded(x, padding), ((0, 0), (0, 0), (0, stride), (0, stride)))
    return as_columns(patches_of(wide, kernel, stride))


@mistake("You rounded the number of places up; the last window has to fit: round down, //.")
def rounded_up(x, kernel, stride, padding):
    wide = np.pad(padded(x, padding), ((0, 0), (0, 0), (0, stride - 1), (0, stride - 1)))
    return as_columns(patches_of(wide, kernel, stride))


@mistake("You used the stride along the columns alone; it holds for both axes.")
def stride_of_columns(x, kernel, stride, padding):
    return as_columns(right_patches(x, kernel, 1, padding)[..., ::stride])


@mistake("You forgot both stride and padding; the window moves by the one, in an image framed by the other.")
def without_both(x, kernel, stride, padding):
    return as_columns(patches_of(x, kernel, 1))


@mistake("You used the stride along the rows alone; it holds for both axes.")
def stride_of_rows(x, kernel, stride, padding):
    return as_columns(right_patches(x, kernel, 1, padding)[..., ::stride, :])


# ---- padding -------------------------------------------------------------------------------------------------------


@mistake("You forgot the padding; zeros belong at all four edges.")
def without_padding(x, kernel, stride, padding):
    return as_columns(patches_of(x, kernel, stride))


@mistake("You padded at one end of each axis; zeros belong at both ends.")
def padded_once(x, kernel, stride, padding):
    return as_columns(patches_of(np.pad(x, ((0, 0), (0, 0), (padding, 0), (padding, 0))), kernel, stride))


@mistake("You put the image into a corner of the padded array; it belongs in the middle: [padding : padding + H].")
def in_a_corner(x, kernel, stride, padding):
    return as_columns(patches_of(np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding))), kernel, stride))


@mistake("You padded all four axes, images and channels as well; only the rows and the columns get zeros.")
def padded_everywhere(x, kernel, stride, padding):
    return as_columns(patches_of(np.pad(x, padding), kernel, stride))


@mistake("You padded twice as much; padding is the width of the frame at each edge.")
def padded_twice(x, kernel, stride, padding):
    return as_columns(patches_of(padded(x, 2 * padding), kernel, stride))


@mistake("You padded the rows alone; zeros belong at all four edges.")
def padded_rows(x, kernel, stride, padding):
    return as_columns(patches_of(np.pad(x, ((0, 0), (0, 0), (padding, padding), (0, 0))), kernel, stride))


@mistake("You padded the columns alone; zeros belong at all four edges.")
def padded_columns(x, kernel, stride, padding):
    return as_columns(patches_of(np.pad(x, ((0, 0), (0, 0), (0, 0), (padding, padding))), kernel, stride))


@mistake("You padded by 1, or by another number of your own; the padding is given.")
def padded_by_one(x, kernel, stride, padding):
    return as_columns(patches_of(padded(x, min(padding, 1)), kernel, stride))


@mistake("You padded with -infinity; that is for a max pool. Here padding is zeros.")
def minus_infinity(x, kernel, stride, padding):
    return as_columns(patches_of(padded(x, padding, constant_values=-np.inf), kernel, stride))


@mistake("You repeated the pixels at the edge; padding is zeros.")
def edge_repeated(x, kernel, stride, padding):
    return as_columns(patches_of(padded(x, padding, mode="edge"), kernel, stride))


@mistake("You let the image go on at its other side, as an index below 0 does; padding is zeros.")
def wrapped(x, kernel, stride, padding):
    return as_columns(patches_of(padded(x, padding, mode="wrap"), kernel, stride))


@mistake("You padded with ones; padding is zeros.")
def ones(x, kernel, stride, padding):
    return as_columns(patches_of(padded(x, padding, constant_values=1), kernel, stride))


@mistake("You mirrored the image at its edges; padding is zeros.")
def mirrored(x, kernel, stride, padding):
    return as_columns(patches_of(padded(x, padding, mode="symmetric"), kernel, stride))


# ---- channels and images -------------------------------------------------------------------------------------------


@mistake("You took the first channel for all; each has its own patches.")
def first_channel(x, kernel, stride, padding):
    return as_columns(right_patches(np.broadcast_to(x[:, :1], x.shape), kernel, stride, padding))


@mistake("You took the first image for all; each has its own columns.")
def first_image(x, kernel, stride, padding):
    return as_columns(right_patches(np.broadcast_to(x[:1], x.shape), kernel, stride, padding))


@mistake("You took the last channel for all; each has its own patches.")
def last_channel(x, kernel, stride, padding):
    return as_columns(right_patches(np.broadcast_to(x[:, -1:], x.shape), kernel, stride, padding))


@mistake("You took the last image for all; each has its own columns.")
def last_image(x, kernel, stride, padding):
    return as_columns(right_patches(np.broadcast_to(x[-1:], x.shape), kernel, stride, padding))


@mistake("You left the axis of the images out; columns is (N, C*KH*KW, OH*OW), also for one image.")
def without_images(x, kernel, stride, padding):
    return as_columns(right_patches(x, kernel, stride, padding))[0]


@mistake("You returned the first channel's patches alone; a column holds those of all channels.")
def first_channel_alone(x, kernel, stride, padding):
    return as_columns(right_patches(x[:, :1], kernel, stride, padding))


@mistake("You summed over the channels; a column holds the patches of all of them, one below the other.")
def summed(x, kernel, stride, padding):
    return as_columns(right_patches(x.sum(axis=1, keepdims=True), kernel, stride, padding))
