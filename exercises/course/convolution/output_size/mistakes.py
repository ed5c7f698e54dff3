"""Typical wrong answers to output_size."""

import math

from exercises.course.convolution.output_size.solution import output_size as right
from exercises.stages import Mistakes

mistake = Mistakes()


@mistake("You left out the + 1; the window at 0 counts as well.")
def without_one(size, kernel, stride, padding):
    return right(size, kernel, stride, padding) - 1


@mistake("You added the 1 before dividing by the stride; the window at 0 is a place whatever S is: x // S + 1.")
def one_before_dividing(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size + 2 * padding - kernel + 1) // stride


@mistake("You forgot the stride; between two places lie S pixels, so divide by it.")
def without_stride(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return size + 2 * padding - kernel + 1


@mistake("You forgot the padding; it makes the image larger by 2 P.")
def without_padding(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size - kernel) // stride + 1


@mistake("You added the padding once; it is there at both ends: 2 P.")
def padding_once(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size + padding - kernel) // stride + 1


@mistake("You subtracted the padding; it makes the image larger, by 2 P.")
def padding_subtracted(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size - 2 * padding - kernel) // stride + 1


@mistake("You rounded up; then the last window hangs over the edge. It has to fit: round down, //.")
def rounded_up(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return math.ceil((size + 2 * padding - kernel) / stride) + 1


@mistake("You rounded to the nearest; the last window has to fit: round down, //.")
def rounded(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return round((size + 2 * padding - kernel) / stride) + 1


@mistake("You divided with /; half a place is none: // divides and rounds down.")
def a_fraction(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size + 2 * padding - kernel) / stride + 1


@mistake("You raised an error where the stride does not divide evenly; what is left over is not looked at, round down.")
def only_where_it_divides(size, kernel, stride, padding):
    places = right(size, kernel, stride, padding)
    if (size + 2 * padding - kernel) % stride:
        raise ValueError("the stride does not divide")
    return places


@mistake("You divided the size alone by the stride; subtract the kernel first: (W - F + 2P) // S + 1.")
def kernel_after_dividing(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size + 2 * padding) // stride - kernel + 1


@mistake("You divided the size by the stride and left the kernel out; the window has to fit in.")
def without_kernel(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size + 2 * padding) // stride


@mistake("You gave the size that padding = kernel // 2 would leave, size / stride; here the padding is given.")
def same(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return -(-size // stride)


@mistake("You divided by the kernel; windows may overlap, from one to the next it is the stride.")
def by_kernel(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size + 2 * padding - kernel) // kernel + 1


@mistake("You gave the last number at which a window can begin; what is asked for is how many windows there are.")
def last_begin(size, kernel, stride, padding):
    return (right(size, kernel, stride, padding) - 1) * stride


@mistake("You multiplied by the stride; a larger stride leaves fewer places: divide.")
def times_stride(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size + 2 * padding - kernel) * stride + 1


@mistake("You raised no error where the kernel does not fit; 0 or fewer places are no image: raise ValueError.")
def without_error(size, kernel, stride, padding):
    if stride < 1:
        raise ValueError("stride")
    return (size + 2 * padding - kernel) // stride + 1


@mistake("You raised an error also where the kernel is as large as the padded image; it fits, just once.")
def too_strict(size, kernel, stride, padding):
    if kernel >= size + 2 * padding:
        raise ValueError("kernel")
    return right(size, kernel, stride, padding)


@mistake("You compared the kernel with the image alone; with its padding it may fit: kernel > size + 2 padding.")
def compared_without_padding(size, kernel, stride, padding):
    if kernel > size:
        raise ValueError("kernel")
    return right(size, kernel, stride, padding)


@mistake("You rounded with int(), which rounds -1/2 up to 0, a place that is none; // rounds down. Ask for room < 0.")
def rounded_toward_zero(size, kernel, stride, padding):
    if stride < 1:
        raise ValueError("stride")
    places = int((size + 2 * padding - kernel) / stride) + 1
    if places < 1:
        raise ValueError("kernel")
    return places


@mistake("You returned 0 where the kernel does not fit; that is an error: raise ValueError.")
def zero(size, kernel, stride, padding):
    if stride < 1:
        raise ValueError("stride")
    return max(0, (size + 2 * padding - kernel) // stride + 1)


@mistake("You returned None where there is no place; that is an error: raise ValueError.")
def none(size, kernel, stride, padding):
    try:
        return right(size, kernel, stride, padding)
    except ValueError:
        return None


@mistake("You used assert; what a caller gives is checked with `if ...: raise ValueError(...)`.")
def asserted(size, kernel, stride, padding):
    assert stride >= 1
    assert kernel <= size + 2 * padding
    return right(size, kernel, stride, padding)


@mistake("You did not look at the stride; one below 1 is an error, too: raise ValueError.")
def any_stride(size, kernel, stride, padding):
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError("kernel")
    return room // stride + 1
