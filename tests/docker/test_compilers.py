"""Every compiler builds a program, and the debuggers show where it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docker.conftest import Run

pytestmark = pytest.mark.image

C = '#include <stdio.h>\nint main(void) { printf("hello\\n"); }'
CPP = '#include <iostream>\nint main() { std::cout << "hello\\n"; }'
JAVA = 'class Main { public static void main(String[] a) { System.out.println("hello"); } }'
GO = 'package main\nimport "fmt"\nfunc main() { fmt.Println("hello") }'
RUST = 'fn main() { println!("hello"); }'
FORTRAN = "print '(a)', 'hello'\nend"
TYPESCRIPT = "const word: string = 'hello'; console.log(word)"

CMAKE = """printf 'cmake_minimum_required(VERSION 3.20)\nproject(p C)\nadd_executable(p main.c)' \\
  >CMakeLists.txt && cmake -G Ninja -B b >/dev/null && cmake --build b >/dev/null && b/p"""

PROGRAMS = {
    "gcc": ("main.c", C, "gcc -Wall main.c && ./a.out"),
    "clang": ("main.c", C, "clang -Wall main.c && ./a.out"),
    "g++": ("main.cpp", CPP, "g++ -std=c++20 main.cpp && ./a.out"),
    "clang++": ("main.cpp", CPP, "clang++ -std=c++20 main.cpp && ./a.out"),
    "valgrind": ("main.c", C, "gcc -g main.c && valgrind --quiet --error-exitcode=9 ./a.out"),
    "cmake": (
        "main.c",
        C,
        CMAKE,
    ),
    "java": ("Main.java", JAVA, "javac Main.java && java Main"),
    "go": ("main.go", GO, "go run main.go"),
    "rust": ("main.rs", RUST, "rustc main.rs && ./main"),
    "cargo": (
        "unused",
        "",
        "cargo new --quiet p && cd p && cargo run --quiet | tr H h | cut -c1-5",
    ),
    "fortran": ("main.f90", FORTRAN, "gfortran main.f90 && ./a.out"),
    "node": ("main.js", "console.log('hello')", "node main.js"),
    "typescript": ("main.ts", TYPESCRIPT, "tsc main.ts && node main.js"),
    "octave": ("main.m", "disp('hello')", "octave-cli main.m"),
    "R": ("main.R", "cat('hello\\n')", "Rscript main.R"),
    "python": ("main.py", "print('hello')", "python main.py"),
}


def script(file: str, source: str, command: str) -> tuple[str, ...]:
    """Return a command that writes a source file and runs something on it."""
    return ("bash", "-c", f"mkdir p0 && cd p0 && cat >{file} <<'END'\n{source}\nEND\n{command}")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_runs(run: Run, name: str) -> None:
    """A student's usual command builds and runs it."""
    assert run(*script(*PROGRAMS[name])).stdout == "hello\n"


def test_gdb_stops_in_a_function_and_shows_a_variable(run: Run) -> None:
    """It works with all capabilities dropped, as on a hub."""
    source = (
        "int twice(int n) {\n  int m = 2 * n;\n  return m;\n}\nint main() { return twice(21); }"
    )
    commands = "-ex 'break 3' -ex run -ex 'print m' -ex bt"
    done = run(
        *script("main.cpp", source, f"g++ -g main.cpp && gdb --batch {commands} ./a.out"),
        options=("--cap-drop", "ALL"),
    )
    assert "$1 = 42" in done.stdout
    assert "main () at main.cpp:5" in done.stdout


JDB = """
import pexpect
jdb = pexpect.spawn('jdb Main', timeout=60, encoding='utf-8')
for prompt, line in (('>', 'stop at Main:4'), ('>', 'run'), ('hit', 'print m'), ('m = 42', 'cont')):
    jdb.expect(prompt)
    jdb.sendline(line)
jdb.expect('application exited')
print('m = 42')
"""


def test_jdb_stops_in_a_method_and_shows_a_variable(run: Run) -> None:
    """The JDK's own debugger works."""
    source = (
        "class Main {\n  static int twice(int n) {\n    int m = 2 * n;\n    return m;\n  }\n"
        "  public static void main(String[] a) { System.out.println(twice(21)); }\n}"
    )
    command = f"javac -g Main.java && python - <<'END'{JDB}END"
    assert run(*script("Main.java", source, command)).stdout == "m = 42\n"
