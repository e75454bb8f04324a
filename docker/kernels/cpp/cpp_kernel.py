"""A Jupyter kernel for C++ that runs Clang's interpreter `clang-repl`.

Debian has the interpreter, and no index has a kernel for it that installs without conda. The kernel
writes a cell to a file that the interpreter includes, so that comments, preprocessor lines and
functions mean the same as in a file. A cell cannot read from standard input, which is the
interpreter's own.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable

STANDARD = "c++17"
# Output that is not the cell's: prompts, and the lines that say which file includes the cell.
_NOISE = re.compile(
    rb"clang-repl(?:>|\.\.\.) +|In file included from (?:<<< inputs >>>|input_line_\d+):\d+:\n"
)
# Declared to save the time of including it; under other names, as a cell may include the headers.
_PRELUDE = """\
extern "C" long kernel_write(int, const void *, unsigned long) __asm__("write");
extern "C" int kernel_flush(void *) __asm__("fflush");
"""
_ERROR = re.compile(r"(?m)^(?:.*: )?(?:fatal )?error: .*")


class Interpreter:
    """A running clang-repl."""

    def __init__(self, folder: Path) -> None:
        """Starts the interpreter, which includes cells from files in `folder`."""
        self._folder = folder
        self._cells = -1  # the prelude does not count
        self._process = subprocess.Popen(
            [_executable(), f"--Xcc=-std={STANDARD}", "--Xcc=-fno-color-diagnostics"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TERM": "dumb"},
        )
        self.run(_PRELUDE, lambda _stream, _text: None)

    def run(self, code: str, show: Callable[[str, str], None]) -> str:
        """Runs a cell; calls `show(stream, text)` with its output as it comes.

        Returns:
            What the cell and Clang have written to standard error.

        Raises:
            EOFError: the cell has crashed the interpreter.
        """
        self._cells += 1
        cell = self._folder / f"cell-{self._cells}.cpp"
        cell.write_text(f'#line 1 "cell {self._cells}"\n{code}\n')
        mark = secrets.token_hex(8)
        send = "".join(f'kernel_write({stream}, "{mark}", {len(mark)}); ' for stream in (1, 2))
        self._write(f'#include "{cell}"\n(void)kernel_flush(0); {send}\n')
        errors: list[str] = []

        def show_error(text: str) -> None:
            errors.append(text)
            show("stderr", text)

        reader = threading.Thread(
            target=_read_until, args=(self._process.stderr, mark.encode(), show_error)
        )
        reader.start()
        alive = _read_until(self._process.stdout, mark.encode(), lambda text: show("stdout", text))
        reader.join()
        if not alive:
            raise EOFError
        return "".join(errors)

    def stop(self) -> None:
        """Ends the interpreter."""
        self._process.kill()
        self._process.wait()

    def _write(self, text: str) -> None:
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 -- opened as a pipe
        try:
            stdin.write(text.encode())
            stdin.flush()
        except BrokenPipeError as error:
            raise EOFError from error


def _read_until(pipe: IO[bytes] | None, mark: bytes, show: Callable[[str], None]) -> bool:
    """Shows what comes before the mark, without prompts; returns False if the pipe ends first."""
    assert pipe is not None  # noqa: S101 -- opened as a pipe
    pending = b""
    while data := os.read(pipe.fileno(), 65536):
        pending += data
        text, found, _ = pending.partition(mark)
        if found:
            _show_output(text, show)
            return True
        # Keeps back what may be the beginning of a mark or of a prompt.
        ready = len(pending) - len(mark)
        if ready > 0 and b"\n" in pending[:ready]:
            ready = pending.rindex(b"\n", 0, ready) + 1
            _show_output(pending[:ready], show)
            pending = pending[ready:]
    _show_output(pending, show)
    return False


def _show_output(data: bytes, show: Callable[[str], None]) -> None:
    if text := _NOISE.sub(b"", data).decode(errors="replace"):
        show(text)


def _executable() -> str:
    if found := shutil.which("clang-repl"):
        return found
    versions = sorted(Path("/usr/bin").glob("clang-repl-*"))
    if not versions:
        raise FileNotFoundError("clang-repl is missing: apt-get install clang-tools")
    return str(versions[-1])


class CppKernel(Kernel):
    """Runs cells of C++."""

    implementation = "clang-repl"
    implementation_version = "1"
    banner = "C++ by clang-repl"
    language_info = {  # noqa: RUF012 -- as ipykernel has it
        "name": "c++",
        "version": STANDARD.removeprefix("c++"),
        "mimetype": "text/x-c++src",
        "codemirror_mode": "text/x-c++src",
        "file_extension": ".cpp",
    }

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 -- traitlets'
        """Starts without an interpreter; the first cell starts one."""
        super().__init__(**options)  # type: ignore[no-untyped-call] # ipykernel's are not typed
        self._folder = TemporaryDirectory(prefix="cpp-kernel-")
        self._interpreter: Interpreter | None = None

    def do_execute(  # type: ignore[override]  # noqa: D102 -- ipykernel's; it need not be async
        self,
        code: str,
        silent: bool,  # noqa: FBT001
        store_history: bool = True,  # noqa: FBT001, FBT002, ARG002
        user_expressions: Any = None,  # noqa: ANN401, ARG002
        allow_stdin: bool = False,  # noqa: FBT001, FBT002, ARG002
        **_further: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        def show(stream: str, text: str) -> None:
            if not silent:
                content = {"name": stream, "text": text}
                self.send_response(self.iopub_socket, "stream", content)  # type: ignore[no-untyped-call]

        try:
            if self._interpreter is None:
                self._interpreter = Interpreter(Path(self._folder.name))
            errors = self._interpreter.run(code, show)
        except KeyboardInterrupt:
            return self._lost("Interrupted", "the cell was interrupted")
        except EOFError:
            return self._lost("Crashed", "the cell has crashed the interpreter")
        if error := _ERROR.search(errors):
            return self._error("CompilationError", error[0])
        count = self.execution_count
        return {"status": "ok", "execution_count": count, "payload": [], "user_expressions": {}}

    def _lost(self, name: str, why: str) -> dict[str, Any]:
        if self._interpreter:
            self._interpreter.stop()
        self._interpreter = None
        return self._error(name, f"{why}; what was defined is gone")

    def _error(self, name: str, value: str) -> dict[str, Any]:
        content = {"ename": name, "evalue": value, "traceback": [f"{name}: {value}"]}
        self.send_response(self.iopub_socket, "error", content)  # type: ignore[no-untyped-call]
        return {"status": "error", "execution_count": self.execution_count, **content}

    def do_shutdown(  # type: ignore[override]  # noqa: D102 -- as above
        self,
        restart: bool,  # noqa: FBT001
    ) -> dict[str, Any]:
        if self._interpreter:
            self._interpreter.stop()
            self._interpreter = None
        if not restart:
            self._folder.cleanup()
        return {"status": "ok", "restart": restart}


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    IPKernelApp.launch_instance(kernel_class=CppKernel)
