"""What the checks call: read from the stub, and from what Python says of a call that did not fit."""

from __future__ import annotations

import ast
import re


def signature_meant(stub: str, message: str, answer_name: str) -> str:
    """The signature in the stub of what a TypeError or AttributeError is about: "def forward(self, x)"; "" if of none.

    Python says "MaxPool2d.forward() takes 1 positional argument ...", "'MaxPool2d' object has no attribute 'forward'".
    """
    found = re.search(r"(\w+)\(\) (?:takes|got|missing)", message) or re.search(r"has no attribute '(\w+)'", message)
    if found is None:
        return ""
    name = "__init__" if found[1] == answer_name else found[1]
    functions = [node for node in ast.walk(ast.parse(stub)) if isinstance(node, ast.FunctionDef)]
    signatures = {node.name: f"def {node.name}({ast.unparse(node.args)})" for node in functions}
    return signatures.get(name) or signatures.get(found[1], "")
