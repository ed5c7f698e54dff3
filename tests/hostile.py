"""A class of answers to max_pool2d, most of them hostile; every one is bounded, whatever the sandbox is worth."""

from exercises.catalog import find_exercise

GOOD = (find_exercise("max_pool2d").folder / "solution.py").read_text(encoding="utf-8")


def before(code):
    """A right answer, in a file that does something else first."""
    return f"{code}\n{GOOD}"


HOSTILE = {
    "endless": before("while True: pass"),
    "endless_in_c": before("9 ** 9 ** 9"),
    "forks": before(
        "import os, time\n"
        "made = 0\n"
        "for _ in range(200):\n"
        "    try: pid = os.fork()\n"
        "    except OSError: break\n"
        "    if not pid: time.sleep(60); os._exit(0)\n"
        "    made += 1\n"
        "if made < 150: raise OSError('no more processes')"
    ),
    "daemon": before(
        "import os, time\nif not os.fork():\n    os.setsid()\n    if not os.fork(): time.sleep(61.25)\n    os._exit(0)"
    ),
    "memory": before("import numpy as np\nhuge = np.ones(100 * 2**30 // 8)"),
    "printer": before("text = 'x' * 2**20\nfor _ in range(2000): print(text)"),
    "writer": before(
        "for place in {PLACES!r}:\n    with open(place + '/graffiti', 'w') as file: file.write('I was here')"
    ),
    "reader": before("print(open({REPOSITORY!r} + '/exercises/course/pooling/max_pool2d/solution.py').read())"),
    "importer": "import exercises.course.pooling.max_pool2d.solution as s\nMaxPool2d = s.MaxPool2d\n",
    "importlib": "import importlib\n"
    "s = importlib.import_module('exercises.course.pooling.max_pool2d.solution')\nMaxPool2d = s.MaxPool2d\n",
    "torch": "import torch\n",
    "network": before("import socket\nsocket.create_connection(('127.0.0.1', {PORT}), timeout=2)"),
    "forger": "import sys, json, os\n"
    "with open(sys.argv[4], 'w') as file:\n"
    "    for stage in range(9):\n"
    "        for case in range(9):\n"
    "            for value in ([[1]], 7, {'dtype': 'O', 'shape': [1], 'data': ''}, {'dtype': '<f8', 'shape': 'x'}):\n"
    "                file.write(json.dumps({'stage': stage, 'case': case, 'outputs': {'y': value}}) + '\\n')\n"
    "    file.write(json.dumps({'failure': {'kind': [1], 'message': 3, 'line': 'x', 'code': None}}) + '\\n')\n"
    "    file.write('[' * 100000 + '\\n' + json.dumps({'done': True}) + '\\n')\n"
    "os._exit(0)\n",
    "killer": before("import os\nassert os.getpid() < 30  # only where that is all it sees\nos.kill(-1, 9)"),
    "quitter": before("import os\nos._exit(0)"),
    "system_exit": before("raise SystemExit"),
    "interrupt": before("raise KeyboardInterrupt"),
    "closer": before("import os\nos.closerange(0, 50)"),
    "deaf": before(
        "import signal, time\n"
        "for n in range(1, 32):\n"
        "    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "time.sleep(60)"
    ),  # fmt: skip
    "segfault": before("import ctypes\nctypes.string_at(0)"),
    "recursion": before("def f(): return f()\nf()"),
    "limits": before("import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))"),
    "pipe": "import sys, os\nos.unlink(sys.argv[4])\nos.mkfifo(sys.argv[4])\n" + GOOD,
    "binary": "\0\x01\x02",
    "deep": "x = " + "(" * 5000 + ")" * 5000 + "\n",
    "good": GOOD,
}
