"""What a schedule may say: every key, once, with its default."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from .notation import DAYS, Clock, Days, Duration, Near, Zone

_DAY = 24 * 60  # minutes
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Share = Annotated[float, Field(gt=0, le=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Part(BaseModel):
    """A part of the schedule: unknown keys are mistakes."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )


class Span(Part):
    """Days from the first to the last, both included."""

    first: Annotated[date, Near]
    last: Annotated[date, Near]
    name: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        if self.last < self.first:
            raise ValueError(f"the last day {self.last} is before the first, {self.first}")
        return self


def _day_or_span(value: object) -> object:
    return {"first": value, "last": value} if isinstance(value, str | date) else value


def _kind_of_term(value: object) -> str:
    return "tag-name" if isinstance(value, str) else "tag-days"


# Told apart before it is read: what is wrong with it is said once.
Term = Annotated[
    Annotated[str, Tag("tag-name")] | Annotated[Span, Tag("tag-days")], Discriminator(_kind_of_term)
]
Holiday = Annotated[Span, BeforeValidator(_day_or_span)]


class Line(Part):
    """A line of the baseline: from this time on, so many nodes stand ready."""

    at: Clock
    nodes: Count
    days: Days = frozenset(range(7))


class Meeting(Part):
    """When a class meets, every week; an end that is not after the start is the next day's."""

    days: Days
    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")

    @model_validator(mode="after")
    def _lasts(self) -> Meeting:
        if self.start == self.end:
            raise ValueError("it ends when it begins: 'from' and 'to' have to differ")
        return self


class Crowd(Part):
    """What classes, events and calendars have in common: who comes, and onto what.

    Attributes:
        share: of the students that comes.
        logins: seconds in which all of them log in.
        profile: slug of the profile in the Helm values; the default one's if empty.
        pool: name of the pool; if empty, that of the profile's node selector, or the schedule's.
    """

    name: str = Field(min_length=1)
    share: Share = 1.0
    logins: Duration = 300
    profile: str = ""
    pool: str = ""


class Enrolled(Crowd):
    """A crowd whose number is given, or counted in a roster."""

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

    meets: Annotated[list[Meeting], Field(min_length=1)]
    term: Term | None = None

    @model_validator(mode="after")
    def _in_one_place(self) -> Class:
        spans = sorted(
            (day * _DAY + it.start, day * _DAY + it.end + _DAY * (it.end < it.start))
            for it in self.meets
            for day in it.days
        )
        # Sunday night reaches into Monday.
        around = [*spans, (spans[0][0] + 7 * _DAY, 0)]
        for (_, end), (begin, _) in pairwise(around):
            if begin < end:
                day = DAYS[begin // _DAY % 7]
                raise ValueError(
                    f"two of its meetings overlap on {day}: its students can only sit in one"
                )
        return self


class Event(Enrolled):
    """Something that happens once. An exam is held on the fallback pool unless a pool is named."""

    start: Annotated[datetime, Near]
    end: Annotated[datetime, Near]
    exam: bool = False

    @model_validator(mode="after")
    def _lasts(self) -> Event:
        if (self.start.tzinfo is None) != (self.end.tzinfo is None):
            raise ValueError("give both 'start' and 'end' a UTC offset, or neither")
        if self.end <= self.start:
            raise ValueError(f"the end {self.end} is not after the start, {self.start}")
        return self


class Calendar(Crowd):
    """An iCalendar file or URL; an event whose description says `students: N` has N of them."""

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
    """How long a new node takes until a student can sit there.

    Attributes:
        provisioning: seconds from the wish for a node until it runs pods.
        image: bytes that are pulled, compressed, in GB (10^9).
        pull: rate of the pull and the unpacking, in MB/s (10^6).
        margin: seconds more, for the slowest of many nodes.
        measured: seconds for machine and image together, as you saw it; instead of the first three.
    """

    provisioning: Duration = 120
    image: Annotated[float, Field(gt=0, le=1000)] = 4.0
    pull: Annotated[float, Field(gt=0, le=100_000)] = 25.0
    margin: Duration = 120
    measured: Duration | None = None

    @property
    def pulling(self) -> float:
        """Seconds that the image takes."""
        return self.image * 1000 / self.pull

    @property
    def seconds(self) -> float:
        """Machine and image."""
        return self.provisioning + self.pulling if self.measured is None else self.measured


class Budget(Part):
    """What a week, Monday to Sunday, may cost. It warns, and takes no seat away."""

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
    """Replacing preemptible nodes before they reach 24 hours during a class."""

    at_once: Annotated[int, Field(ge=0, le=1000)] = 1
    margin: Duration = 1800


class Schedule(Part):
    """The whole file.

    Attributes:
        pool: where classes are held; may be left out if the values have one preemptible pool.
        fallback: on-demand pool for exams, and for what is not ready at the deadline.
        ready: seconds before class at which all nodes have to stand there with the image.
        early: seconds before class at which the first students log in.
        keep: seconds; a gap between classes shorter than that is not given back.
        linger: seconds for which a student's server stays after class; from the values if None.
        spare: nodes beyond what is needed while there is a class.
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
