"""How no_grad is checked."""

from exercises.stages import Stage

ANSWER = "no_grad"
LIBRARY = "minicnn.tensor:no_grad"


class Switch:
    """What the learner's class turns off and on."""

    def __init__(self):
        self.enabled = True


class Oops(Exception):
    """Raised inside of a block."""


def run(answer, steps):
    """Walk through the steps and note after each whether gradients are recorded.

    ( enters a block, ) leaves the last one, ! leaves it with an error, "make" makes an object without entering it,
    "off" and "on" set the switch.
    """
    switch, open_blocks, seen, made = Switch(), [], [], None
    for step in steps.split():
        if step == "make":
            made = answer(switch)
        elif step in ("off", "on"):
            switch.enabled = step == "on"
        elif step == "(":
            block = made or answer(switch)
            made = None
            block.__enter__()
            open_blocks.append(block)
        elif step == ")":
            open_blocks.pop().__exit__(None, None, None)
        else:
            error = Oops("raised inside")
            if open_blocks.pop().__exit__(Oops, error, None):
                seen.append("the error was swallowed")
        state = {True: "on", False: "off"}.get(switch.enabled, switch.enabled)
        seen.append(f"{step} {state}")
    return {"recording": ", ".join(seen)}


STAGES = [
    Stage("off inside", run, [{"steps": "("}]),
    Stage("the worked example", run, [{"steps": "( )"}]),
    Stage("one inside another", run, [{"steps": "( ( ) )"}, {"steps": "off ( ) on"}, {"steps": "( ( ( ) ) )"}],
          hint="Leaving a block restores what was there when it was entered."),
    Stage("an error inside", run, [{"steps": "( !"}, {"steps": "( ( ! )"}],
          hint="__exit__ runs also where an error passes through; the error must go on: return nothing."),
    Stage("made early, entered late", run, [{"steps": "make ( )"}, {"steps": "make off ( ) on"}]),
]  # fmt: skip
