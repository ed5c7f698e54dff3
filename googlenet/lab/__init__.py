"""The laboratory: small experiments that answer what learners ask, each with a table, a picture and two sentences."""

from googlenet.lab import batchnorm, depth, dropout, heads, im2col, init, lrn, padding, reduction

EXPERIMENTS = {
    module.EXPERIMENT.name: module.EXPERIMENT
    for module in (heads, init, reduction, lrn, batchnorm, depth, dropout, padding, im2col)
}
