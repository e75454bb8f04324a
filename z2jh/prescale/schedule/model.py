"""The keys of a schedule, with their types and defaults."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from .notation import DAYS, Clock, Days, Duration, OfThisCentury, Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY = 24 * 60  # minutes
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Share = Annotated[float, Field(gt=0, le=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Part(BaseModel):
    """A part of the schedule, which refuses unknown keys."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )


class Span(Part):
    """A range of days; the first and the last belong to it."""

    first: Annotated[date, OfThisCentury]
    last: Annotated[date, OfThisCentury]
    name: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        if self.last < self.first:
            raise ValueError(f"the last day {self.last} is before the first, {self.first}")
        return self

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def _day_or_span(value: object) -> object:
    return {"first": value, "last": value} if isinstance(value, str | date) else value


def _kind_of_term(value: object) -> str:
    return "tag-name" if isinstance(value, str) else "tag-days"


# The discriminator picks one kind before validation, so that a mistake is reported once.
Term = Annotated[
    Annotated[str, Tag("tag-name")] | Annotated[Span, Tag("tag-days")], Discriminator(_kind_of_term)
]
Holiday = Annotated[Span, BeforeValidator(_day_or_span)]


class Line(Part):
    """A line of the baseline: the number of nodes from a time of day on."""

    at: Clock
    nodes: Count
    days: Days = frozenset(range(7))


class WeeklySlot(Part):
    """A weekly time of a class; an end before the start is on the next day."""

    days: Days
    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")

    @model_validator(mode="after")
    def _lasts(self) -> WeeklySlot:
        if self.start == self.end:
            raise ValueError("it ends when it begins: 'from' and 'to' have to differ")
        return self


class Crowd(Part):
    """The keys that classes, events and calendars share: who comes, and to which pool.

    Attributes:
        share: fraction of the students that comes.
        logins: seconds within which all of them log in.
        profile: slug of a profile in the Helm values; empty for the default profile.
        pool: name of the pool. If empty, the profile's node selector decides, else the
            schedule's pool is used.
    """

    name: str = Field(min_length=1)
    share: Share = 1.0
    logins: Duration = 300
    profile: str = ""
    pool: str = ""


class Enrolled(Crowd):
    """A crowd whose size is given, or counted in a roster."""

    students: Count | None = None
    roster: str | None = None
    roster_column: str | None = None

    @model_validator(mode="after")
    def _counted_once(self) -> Enrolled:
        if (self.students is None) == (self.roster is None):
            raise ValueError("its students are needed once: give 'students' or 'roster'")
        if self.roster_column and self.roster is None:
            raise ValueError("'roster_column' says something about a roster, and there is none")
        return self


class Class(Enrolled):
    """A class that meets every week of its term."""

    meets: Annotated[list[WeeklySlot], Field(min_length=1)]
    term: Term | None = None

    @model_validator(mode="after")
    def _in_one_place(self) -> Class:
        spans = sorted(
            (day * _DAY + slot.start, day * _DAY + slot.end + _DAY * (slot.end < slot.start))
            for slot in self.meets
            for day in slot.days
        )
        # A slot of Sunday night may overlap the first slot of the next week.
        around = [*spans, (spans[0][0] + 7 * _DAY, 0)]
        for (_, end), (begin, _) in pairwise(around):
            if begin < end:
                day = DAYS[begin // _DAY % 7]
                raise ValueError(
                    f"two of its meetings overlap on {day}: its students can only sit in one"
                )
        return self


class Event(Enrolled):
    """A single event. An exam uses the fallback pool unless it names a pool."""

    start: Annotated[datetime, OfThisCentury]
    end: Annotated[datetime, OfThisCentury]
    exam: bool = False

    @model_validator(mode="after")
    def _lasts(self) -> Event:
        if (self.start.tzinfo is None) != (self.end.tzinfo is None):
            raise ValueError("give both 'start' and 'end' a UTC offset, or neither")
        if self.end <= self.start:
            raise ValueError(f"the end {self.end} is not after the start, {self.start}")
        return self


class Calendar(Crowd):
    """An iCalendar file or URL; `students: N` in an event's description gives its number."""

    students: Count
    file: str | None = None
    url: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Calendar:
        if (self.file is None) == (self.url is None):
            raise ValueError("it is in one place: give 'file' or 'url'")
        if self.url is not None and not self.url.startswith(("https://", "http://", "webcal://")):
            raise ValueError(f"'{self.url}' is no address: it begins with https:// or webcal://")
        return self


class NodeStart(Part):
    """The time from the request for a node until it runs students' servers.

    Attributes:
        provisioning: seconds from the request for a node until it runs pods.
        image: compressed size of the image, in GB (10^9 bytes).
        pull: rate at which an image is pulled and unpacked, in MB/s (10^6 bytes).
        margin: additional seconds for the slowest of many nodes.
        measured: seconds for machine and image together. If given, it replaces `provisioning`,
            `image` and `pull`.
    """

    provisioning: Duration = 120
    image: Annotated[float, Field(gt=0, le=1000)] = 4.0
    pull: Annotated[float, Field(gt=0, le=100_000)] = 25.0
    margin: Duration = 120
    measured: Duration | None = None

    @property
    def pulling(self) -> float:
        """Seconds to pull the image."""
        return self.image * 1000 / self.pull

    @property
    def seconds(self) -> float:
        """Seconds for machine and image."""
        return self.provisioning + self.pulling if self.measured is None else self.measured


class Budget(Part):
    """Limits for the cost of a week, Monday to Sunday. They cause warnings, and remove no seats."""

    currency: str = ""
    money: Annotated[float, Field(gt=0)] | None = None
    hours: Annotated[float, Field(gt=0)] | None = None
    warn_at: Share = 0.8
    prices: dict[str, Amount] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _priced(self) -> Budget:
        if self.money is not None and not self.prices:
            raise ValueError(
                "a cap in money needs 'prices': what a node of each pool costs an hour"
            )
        return self


class Rotation(Part):
    """How preemptible nodes are replaced that would reach 24 hours during a class."""

    at_once: Annotated[int, Field(ge=0, le=1000)] = 1
    margin: Duration = 1800


class Schedule(Part):
    """The whole schedule.

    Attributes:
        pool: pool of the classes; optional if the values have one preemptible pool.
        fallback: on-demand pool for exams, and for nodes that are not ready at the deadline.
        ready: seconds before class at which all nodes must be ready and have the image.
        early: seconds before class at which the first students log in.
        keep: seconds; nodes stay during a shorter gap between classes.
        linger: seconds for which a student's server runs on after class; None takes it from the
            values.
        spare: additional nodes during a class.
        interval: seconds between two runs of `prescale apply`.
    """

    version: Literal["1", 1] = 1
    timezone: Zone
    pool: str = ""
    fallback: str = ""
    baseline: list[Line] = Field(default_factory=list)
    terms: dict[str, Span] = Field(default_factory=dict)
    holidays: list[Holiday] = Field(default_factory=list)
    classes: list[Class] = Field(default_factory=list)
    events: list[Event] = Field(default_factory=list)
    calendars: list[Calendar] = Field(default_factory=list)
    node_start: NodeStart = NodeStart()
    budget: Budget = Budget()
    rotation: Rotation = Rotation()
    ready: Duration = 600
    early: Duration = 300
    keep: Duration = 1200
    linger: Duration | None = None
    spare: Count = 0
    interval: Annotated[Duration, Field(ge=60)] = 300

    def term_of(self, course: Class) -> Span | None:
        """Returns the days within which a class meets; None without limits."""
        return self.terms[course.term] if isinstance(course.term, str) else course.term

    def is_holiday(self, day: date) -> bool:
        """Returns whether classes are cancelled on a day."""
        return any(day in span for span in self.holidays)

    def crowds(self) -> Iterator[tuple[str, int, Crowd]]:
        """Yields every class, event and calendar, after its key and its place in the list."""
        for key in ("classes", "events", "calendars"):
            for number, crowd in enumerate(getattr(self, key)):
                yield key, number, crowd
