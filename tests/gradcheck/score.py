"""How many mistakes does the diagnosis name? Counted over two collections of broken backwards:

    python tests/gradcheck/score.py                    both, a line for each mistake, and the counts
    python tests/gradcheck/score.py broken             those of broken.py, each with the words that it must get
    python tests/gradcheck/score.py mutants -k pool    the mutants of tests/functional whose name holds "pool"

A mutant is tried on the cases of its operation (OperationTest), and counts where a gradient check rejects it in one of
them at least; it is named where at least half of the rejected cases are. Whether that name is right somebody has to
read: --sample 60 prints so many sentences, drawn at random, beside what the mutants say of themselves.
"""

from __future__ import annotations

import argparse
import collections
import importlib
import importlib.util
import json
import os
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS)]

import mutation  # noqa: E402

CASES = 6  # a mutant that was rejected in so many is judged by these
LARGE = 500  # elements: cases with more are left out where there are others, for the time that they take


def sentence_of(message: str) -> str:
    """What the diagnosis adds to the figures of a message; "" where it has no name for the mistake."""
    figures = re.match(r".*?: backward says \S+, the difference [-+.\deinf]*\d", message, re.DOTALL)
    rest = message[figures.end() :] if figures else message
    return re.sub(r" \([\d,]+ evaluations\)$", "", rest).lstrip(". ")


# ---- broken.py ----------------------------------------------------------------------------------------------------


def broken_verdicts() -> Iterator[tuple[Any, str, str]]:
    """(mistake, verdict, sentence): "named", "not named", "named wrongly", "perhaps wrongly", or "passed"."""
    from gradcheck.broken import BROKEN

    import minicnn as mc

    for mistake in BROKEN:
        message = mc.gradcheck(mistake, mistake.inputs(), report=True).message
        sentence = sentence_of(message)
        if not message:
            verdict = "passed"
        elif not sentence:
            verdict = "not named"
        elif re.search(mistake.words, sentence, re.IGNORECASE):
            verdict = "named"
        else:
            verdict = "perhaps wrongly" if "perhaps" in sentence.lower() else "named wrongly"
        yield mistake, verdict, sentence


# ---- the tree's mutants ---------------------------------------------------------------------------------------------


def mutant_messages(mutant: mutation.Mutant) -> list[tuple[str, str]]:
    """(case, message) of each case in which a gradient check rejects the mutant; in a process that ends with it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as answer:
            try:
                json.dump(messages_here(mutant), answer)
            except BaseException as error:  # noqa: B036 - whatever it was, the child ends here
                json.dump([["error", f"{type(error).__name__}: {error}"]], answer)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return [(case, message) for case, message in json.loads(text or "[]")]


def messages_here(mutant: mutation.Mutant) -> list[tuple[str, str]]:
    source = mutant.source.relative_to(TESTS.parent).with_suffix("")
    sys.modules["torch"] = None  # type: ignore[assignment]  # not needed, and slow to import
    broken = mutant.apply(mutant.source.read_text(encoding="utf-8"))
    sys.meta_path.insert(0, mutation.BrokenModule(".".join(source.parts), broken))
    from support import OperationTest

    import minicnn as mc

    mc.set_num_threads(1)
    tests = importlib.import_module(mutant.tests.stem)
    kinds = [k for k in vars(tests).values() if isinstance(k, type) and issubclass(k, OperationTest)]
    kinds = [k for k in kinds if hasattr(k, "cases") and k.__module__ == tests.__name__]
    own = [k for k in kinds if k.__name__ == f"Test{mutant.target.split('.')[0]}"]
    found: list[tuple[str, str]] = []
    for kind in own or kinds:
        test = kind()
        small = [case for case in kind.cases if sum(array.size for array in test.draw(case)) <= LARGE]
        for case in small or kind.cases:
            if len(found) == CASES:
                return found
            mc.manual_seed(0)
            try:
                mc.gradcheck(test.call(case), [mc.Tensor(array) for array in test.draw(case)])
            except mc.GradCheckError as error:
                if "nothing would be proven" not in str(error):
                    # That an element cannot be moved off a kink says nothing of the mistake.
                    message = "" if "wherever it is moved" in str(error) else str(error)
                    found.append((f"{kind.__name__} {case.name}", message))
            except Exception:
                continue  # rejected by something else than a gradient check
    return found


def mutants(text: str = "") -> list[mutation.Mutant]:
    files = sorted((TESTS / "functional").glob("*.mutants"))
    return [mutant for path in files for mutant in mutation.read(path) if text in str(mutant)]


def mutant_verdicts(text: str = "") -> Iterator[tuple[mutation.Mutant, str, list[tuple[str, str]]]]:
    """(mutant, "named", "not named" or "passed", [(case, sentence)])."""
    sys.path.insert(0, str(TESTS / "functional"))
    for mutant in mutants(text):
        sentences = [(case, sentence_of(message)) for case, message in mutant_messages(mutant)]
        named = sum(bool(sentence) for _, sentence in sentences)
        yield mutant, "passed" if not sentences else "named" if 2 * named >= len(sentences) else "not named", sentences


# ---- the command --------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description="Count how many mistakes the diagnosis of gradcheck names.")
    parser.add_argument("which", nargs="?", choices=["broken", "mutants"], help="one collection alone")
    parser.add_argument("-k", metavar="TEXT", default="", help="only the mutants whose name holds this text")
    parser.add_argument("--sample", type=int, metavar="N", help="print N named cases of the mutants, drawn at random")
    options = parser.parse_args()
    if options.which != "mutants":
        counts: collections.Counter[str] = collections.Counter()
        for mistake, verdict, sentence in broken_verdicts():
            counts[verdict] += 1
            print(f"{verdict:16}{mistake}\n    {sentence}")
        print(f"broken.py: {counts.total()}: {dict(counts)}")
    if options.which != "broken":
        counts, named = collections.Counter(), []
        for mutant, verdict, sentences in mutant_verdicts(options.k):
            counts[verdict] += 1
            named += [f"{mutant}\n    {case}: {sentence}" for case, sentence in sentences if sentence]
            if options.sample is None and verdict != "passed":
                print(f"{verdict:16}{mutant}")
                print("".join(f"    {case}: {sentence or '-'}\n" for case, sentence in sentences), end="", flush=True)
        if options.sample is not None:
            print("\n".join(random.Random(0).sample(named, min(options.sample, len(named)))))
        print(f"mutants: {counts.total() - counts['passed']} rejected by a gradient check: {dict(counts)}")


if __name__ == "__main__":
    main()
