"""Typical wrong answers to ceil_mode."""

from exercises.stages import Mistakes

mistake = Mistakes()


def placed(count, size, kernel, stride, padding):
    """So many windows, cut off where the image ends."""
    starts = [i * stride - padding for i in range(count)]
    return [(max(start, 0), min(start + kernel, size)) for start in starts]


def counted(size, kernel, stride, padding, ceil_mode):
    """How many windows there are."""
    room = size + 2 * padding - kernel
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    return count - (ceil_mode and (count - 1) * stride >= size + padding)


@mistake("You left out the + 1; the window at the beginning counts as well: room // stride + 1.")
def one_less(size, kernel, stride, padding, ceil_mode):
    return placed(counted(size, kernel, stride, padding, ceil_mode) - 1, size, kernel, stride, padding)


@mistake("You left the windows as they are; what hangs over the ends of the image has to be cut off.")
def not_cut(size, kernel, stride, padding, ceil_mode):
    count = counted(size, kernel, stride, padding, ceil_mode)
    return [(i * stride - padding, i * stride - padding + kernel) for i in range(count)]


@mistake("You cut off what hangs over the end, but not what hangs over the beginning: start is at least 0.")
def beginning_not_cut(size, kernel, stride, padding, ceil_mode):
    count = counted(size, kernel, stride, padding, ceil_mode)
    return [(i * stride - padding, min(i * stride - padding + kernel, size)) for i in range(count)]


@mistake("You cut off what hangs over the beginning, but not what hangs over the end: stop is at most size.")
def end_not_cut(size, kernel, stride, padding, ceil_mode):
    count = counted(size, kernel, stride, padding, ceil_mode)
    return [(max(i * stride - padding, 0), i * stride - padding + kernel) for i in range(count)]


@mistake("You counted the padding once; it is on both ends: size + 2 padding.")
def padding_once(size, kernel, stride, padding, ceil_mode):
    room = size + padding - kernel
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    return placed(count, size, kernel, stride, padding)


@mistake("You left the padding out; the first window starts at -padding, and there is room for 2 padding more.")
def without_padding(size, kernel, stride, padding, ceil_mode):
    return placed(counted(size, kernel, stride, 0, ceil_mode), size, kernel, stride, 0)


@mistake("You did not move the windows by the padding; the first one starts at -padding.")
def not_moved(size, kernel, stride, padding, ceil_mode):
    return placed(counted(size, kernel, stride, padding, ceil_mode), size, kernel, stride, 0)


@mistake("You let the first window start at 0; it starts at -padding, so that there are more of them.")
def starts_at_zero(size, kernel, stride, padding, ceil_mode):
    return placed(counted(size - padding, kernel, stride, padding, ceil_mode), size, kernel, stride, 0)


@mistake("You did the same in ceil mode as in floor mode; it rounds up, so that no pixel is left out.")
def floor_always(size, kernel, stride, padding, ceil_mode):
    return placed(counted(size, kernel, stride, padding, False), size, kernel, stride, padding)


@mistake("You rounded up in floor mode too; there the last window has to fit.")
def ceil_always(size, kernel, stride, padding, ceil_mode):
    return placed(counted(size, kernel, stride, padding, True), size, kernel, stride, padding)


@mistake("You added a window in ceil mode always; where no pixels are left over, there is none to add.")
def one_more_always(size, kernel, stride, padding, ceil_mode):
    count = counted(size, kernel, stride, padding, False) + (1 if ceil_mode else 0)
    return placed(count, size, kernel, stride, padding)


@mistake("You kept a window that starts in the padding on the right; it sees nothing: leave it out.")
def starts_behind(size, kernel, stride, padding, ceil_mode):
    room = size + 2 * padding - kernel
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    return placed(count, size, kernel, stride, padding)


@mistake("You moved the windows by their own size; they move by the stride.")
def stride_is_kernel(size, kernel, stride, padding, ceil_mode):
    return placed(counted(size, kernel, kernel, padding, ceil_mode), size, kernel, kernel, padding)


@mistake("You gave the last pixel as stop; stop is one behind it, as in range and in slices.")
def last_pixel(size, kernel, stride, padding, ceil_mode):
    count = counted(size, kernel, stride, padding, ceil_mode)
    return [(start, stop - 1) for start, stop in placed(count, size, kernel, stride, padding)]


@mistake("You returned start and length; the second number is where the window stops.")
def start_and_length(size, kernel, stride, padding, ceil_mode):
    count = counted(size, kernel, stride, padding, ceil_mode)
    return [(start, stop - start) for start, stop in placed(count, size, kernel, stride, padding)]
