"""A solution of ceil_mode."""


def windows(size, kernel, stride, padding, ceil_mode):
    room = size + 2 * padding - kernel
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1  # it would start behind the last pixel
    starts = [i * stride - padding for i in range(count)]
    return [(max(start, 0), min(start + kernel, size)) for start in starts]
