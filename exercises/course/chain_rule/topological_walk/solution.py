"""A solution of topological_walk."""


def backward(graph, start):
    inputs, uses = {}, {start: 0}  # uses: how many gradients a node still waits for
    to_do = [start]
    while to_do:
        name = to_do.pop()
        inputs[name] = graph.inputs(name)
        for source, _ in inputs[name]:
            if source not in uses:
                uses[source] = 0
                to_do.append(source)
            uses[source] += 1
    gradients = {start: 1.0}
    ready = [start]
    while ready:
        name = ready.pop()
        for source, slope in inputs[name]:
            gradients[source] = gradients.get(source, 0.0) + slope * gradients[name]
            uses[source] -= 1
            if uses[source] == 0:
                ready.append(source)
    return gradients
