"""See forking.py: requests as JSON lines on standard input, answers on standard output."""

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import resource
import signal
import sys


def child(request: dict) -> None:  # type: ignore[type-arg]
    for name in ("out", "err"):
        handle = os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, 1 if name == "out" else 2)
        os.close(handle)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(request["env"])
    for number in request["ignore"]:
        signal.signal(number, signal.SIG_IGN)
    if signal.SIGINT not in request["ignore"]:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if request["largest_file"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["largest_file"],) * 2)
    libc = ctypes.CDLL(None)
    if request["fault"] is not None:
        folder, number, sticky, error = request["fault"]
        libc.fault_arm(os.fsencode(folder), ctypes.c_long(number), int(sticky), error)
    try:
        if request["python"] is not None:
            exec(request["python"], {"__name__": "__main__"})
        else:
            from avgraph.cli import main

            main(request["arguments"], prog_name="avgraph")
    finally:
        if request["fault"] is not None:
            libc.fault_last.restype = ctypes.c_char_p
            text = f"{libc.fault_count()} {os.fsdecode(libc.fault_last())}"
            libc.fault_arm(b"", ctypes.c_long(0), 0, 0)
            with open(request["err"] + ".faults", "w") as file:
                file.write(text)


def import_all() -> None:
    """Every module of the package, and so the libraries: no child waits for them."""
    import avgraph

    for module in pkgutil.walk_packages(avgraph.__path__, "avgraph."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    nn = avgraph.nn  # PyG writes and compiles code of its own for the first of a class
    for layer in (nn.IntraUnit, nn.InterUnit, nn.AnchorProxy, nn.AudioAttention, nn.MemoryConv, nn.SinkhornConv):
        layer(2)
    nn.LatentInteraction()


def main() -> None:
    gc.disable()
    import_all()
    gc.freeze()  # a child neither looks through the libraries for garbage nor copies their pages
    gc.enable()
    import torch

    torch.set_num_threads(1)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            pid, status = os.waitpid(request["poll"], os.WNOHANG)
            answer = {"code": os.waitstatus_to_exitcode(status) if pid else None}
        else:
            pid = os.fork()
            if not pid:
                # As the interpreter ends: SystemExit to its code, anything else to a traceback and 1.
                code = 0
                try:
                    child(request)
                except SystemExit as end:
                    code = end.code if isinstance(end.code, int) else int(end.code is not None)
                except BaseException:
                    import traceback

                    traceback.print_exc()
                    code = 1
                for stream in (sys.stdout, sys.stderr):
                    stream.flush()
                os._exit(code)
            answer = {"pid": pid}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
