"""A small program in each language, with an error and a word to complete; it prints `total 6`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lesson:
    """A program, and what a student does with it.

    Attributes:
        file: its path.
        source: its text; a line that is empty, or only indented, is where the student types.
        wrong: a line with an error.
        error: a part of what VS Code then says.
        begun: the beginning of a word.
        completed: the word that VS Code offers.
        further: other files that it needs, by path.
        before: a command that is run first.
        debugged: whether it is debugged with F5.
        asked: the debugger to choose, if VS Code asks which.
    """

    file: str
    source: str
    wrong: str = ""
    error: str = ""
    begun: str = ""
    completed: str = ""
    further: tuple[tuple[str, str], ...] = ()
    before: str = ""
    debugged: bool = True
    asked: str = ""

    @property
    def line(self) -> int:
        """The number of the line on which the student types."""
        return [line.strip() for line in self.source.splitlines()].index("") + 1

    @property
    def files(self) -> dict[str, str]:
        """All files, by path."""
        return {self.file: self.source, **dict(self.further)}


LESSONS = {
    "python": Lesson(
        "python/main.py",
        """\
numbers = [1, 2, 3]
total = sum(numbers)

print("total", total)
""",
        wrong="x = nothing",
        error="Could not find name `nothing`",
        begun="numbers.app",
        completed="append",
    ),
    "c": Lesson(
        "c/main.c",
        """\
#include <stdio.h>
int main(void) {
  int numbers[] = {1, 2, 3};
  int total = numbers[0] + numbers[1] + numbers[2];

  printf("total %d\\n", total);
  return 0;
}
""",
        wrong="int x = nothing;",
        error="undeclared identifier 'nothing'",
        begun="prin",
        completed="printf",
    ),
    "cpp": Lesson(
        "cpp/main.cpp",
        """\
#include <iostream>
#include <vector>
int main() {
  std::vector<int> numbers{1, 2, 3};
  int total = 0;
  for (int each : numbers) total += each;

  std::cout << "total " << total << std::endl;
}
""",
        wrong="int x = nothing;",
        error="undeclared identifier 'nothing'",
        begun="numbers.pus",
        completed="push_back",
    ),
    "java": Lesson(
        "java/Main.java",
        """\
import java.util.List;
class Main {
  public static void main(String[] arguments) {
    List<Integer> numbers = List.of(1, 2, 3);
    int total = numbers.get(0) + numbers.get(1) + numbers.get(2);

    System.out.println("total " + total);
  }
}
""",
        wrong="int x = nothing;",
        error="nothing cannot be resolved",
        begun="numbers.siz",
        completed="size()",
        debugged=False,  # with jdb, in a terminal: test_compilers.py
    ),
    "go": Lesson(
        "go/main.go",
        """\
package main
import "fmt"
func main() {
	numbers := []int{1, 2, 3}
	total := numbers[0] + numbers[1] + numbers[2]

	fmt.Println("total", total)
}
""",
        wrong="x := nothing",
        error="undefined: nothing",
        begun="fmt.Printl",
        completed="Println",
    ),
    "rust": Lesson(
        "rust/src/main.rs",
        """\
fn main() {
    let mut numbers = vec![1, 2];
    numbers.push(3);
    let total: i32 = numbers.iter().sum();

    println!("total {total}");
}
""",
        wrong="let x = nothing;",
        error="cannot find value `nothing`",
        begun="numbers.pu",
        completed="push",
        further=(("rust/Cargo.toml", '[package]\nname = "lesson"\nedition = "2021"\n'),),
    ),
    "r": Lesson(
        "r/main.R",
        """\
numbers <- c(1, 2, 3)

cat("total", sum(numbers), "\\n")
""",
        debugged=False,  # Debian has neither a language server nor a debug adapter of R
    ),
    "bash": Lesson(
        "bash/main.sh",
        """\
numbers=(1 2 3)
total=$((numbers[0] + numbers[1] + numbers[2]))

echo total $total
""",
        wrong="if true",
        error="Couldn't parse this if expression",
        begun="basena",
        completed="basename",
    ),
    "javascript": Lesson(
        "javascript/main.js",
        """\
const numbers = [1, 2, 3];
const total = numbers.reduce((sum, each) => sum + each);

console.log("total", total);
""",
        wrong="const x = ;",
        error="Expression expected",
        begun="numbers.fla",
        completed="flatMap",
        asked="Node.js",
    ),
    "typescript": Lesson(
        "typescript/main.ts",
        """\
const numbers: number[] = [1, 2, 3];
const total = numbers.reduce((sum, each) => sum + each);

console.log("total", total);
""",
        wrong='const x: number = "a";',
        error="is not assignable to type 'number'",
        begun="numbers.fla",
        completed="flatMap",
        asked="Node.js",
        before="tsc --sourceMap main.ts",
    ),
}
