"""A week of temperatures: something to run, change and run again."""

from statistics import mean

CELSIUS = {
    "Mon": 17.5,
    "Tue": 19.0,
    "Wed": 21.5,
    "Thu": 20.0,
    "Fri": 16.5,
    "Sat": 14.0,
    "Sun": 18.0,
}


def bar(value: float) -> str:
    """A bar of one character for each degree."""
    return "#" * round(value)


def main() -> None:
    """Print a chart, and the mean of the week."""
    for day, value in CELSIUS.items():
        print(f"{day} {value:5.1f} {bar(value)}")
    print(f"mean {mean(CELSIUS.values()):.1f}")


if __name__ == "__main__":
    main()
