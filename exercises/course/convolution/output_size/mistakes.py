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


@mistake("You added 1 to the stride; the 1 is added to the number of steps: (W - F + 2P) // S + 1.")
def stride_plus_one(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size + 2 * padding - kernel) // (stride + 1)


@mistake("You left out the brackets; // comes before + and -: (W - F + 2P) // S + 1.")
def without_brackets(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return size - kernel + 2 * padding // stride + 1


@mistake("You divided the kernel by the stride as well, each for itself; subtract first, then divide.")
def each_divided(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size + 2 * padding) // stride - kernel // stride + 1


@mistake("You added the kernel; it takes room away: W - F + 2P.")
def kernel_added(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size + 2 * padding + kernel) // stride + 1


@mistake(
    "You added the padding behind the division, or times the stride; it makes the image larger: (W - F + 2P) // S + 1."
)
def padding_behind(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size - kernel) // stride + 2 * padding + 1


@mistake("You forgot both stride and padding; it is (W - F + 2P) // S + 1.")
def without_both(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return size - kernel + 1


@mistake("You added the 1 before dividing, and divided with /; (W - F + 2P) // S + 1.")
def fraction_one_before(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return (size + 2 * padding - kernel + 1) / stride


@mistake("You rounded up, and left out the + 1; round down, and add 1: (W - F + 2P) // S + 1.")
def rounded_up_without_one(size, kernel, stride, padding):
    right(size, kernel, stride, padding)
    return math.ceil((size + 2 * padding - kernel) / stride)


@mistake("You added 2 in place of 1; there is one place more than steps.")
def two_more(size, kernel, stride, padding):
    return right(size, kernel, stride, padding) + 1


@mistake("You returned the text of a number; return the number.")
def as_text(size, kernel, stride, padding):
    return str(right(size, kernel, stride, padding))


@mistake("You returned a pair; it is asked for one axis, so for one number.")
def pair(size, kernel, stride, padding):
    return (right(size, kernel, stride, padding),) * 2


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


@mistake("You returned -1 where there is no place; that is an error: raise ValueError.")
def minus_one(size, kernel, stride, padding):
    try:
        return right(size, kernel, stride, padding)
    except ValueError:
        return -1


def raising(error):
    """The solution, with another error."""

    def output_size(size, kernel, stride, padding):
        try:
            return right(size, kernel, stride, padding)
        except ValueError as problem:
            raise error("no place") from problem

    return output_size


for error in (TypeError, RuntimeError, Exception, IndexError):
    mistake(f"You raised {error.__name__}; a number that cannot be is a ValueError.")(raising(error))


@mistake("You compared with size + padding; there is padding at both ends: kernel > size + 2 padding.")
def compared_with_one_padding(size, kernel, stride, padding):
    if kernel > size + padding:
        raise ValueError("kernel")
    return right(size, kernel, stride, padding)


@mistake("You looked for a stride of 0 alone; below 0 is none either: raise ValueError where it is below 1.")
def stride_zero_alone(size, kernel, stride, padding):
    room = size + 2 * padding - kernel
    if room < 0 or stride == 0:
        raise ValueError("kernel or stride")
    return room // stride + 1


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
