"""What a person asks for when they register, as plain values, and the registration that it would be."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from regapp.core import addresses
from regapp.core.context import settings
from regapp.events.models import Attendance, Event
from regapp.registrations.choices import Diet, Profession, Wish
from regapp.registrations.models import HealthNote, RegisteredBy, Registration, Status

NOTICE_VERSION: Final = "2026-12"
"""The privacy notice that a registration was made under; raise it when the notice changes."""


@dataclass(frozen=True)
class Application:
    """One filled-in form: cleaned, checked in shape, not yet decided on."""

    first_name: str
    last_name: str
    email: str
    profession: Profession
    workplace: str
    wish: Wish
    language: str
    profession_other: str = ""
    department: str = ""
    diets: tuple[Diet, ...] = ()
    diet_other: str = ""
    access_needs: str = ""
    message: str = ""
    wants_news: bool = False

    @property
    def tells_of_health(self) -> bool:
        return bool(self.diets or self.diet_other or self.access_needs)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    def without_needs(self) -> Application:
        """The same without diets and access needs."""
        return dataclasses.replace(self, diets=(), diet_other="", access_needs="")

    def to_registration(
        self, event: Event, received_at: datetime, registered_by: RegisteredBy = RegisteredBy.THEMSELVES
    ) -> Registration:
        """The registration asked for, with a place in the form of attendance wished for; nothing is decided."""
        registration = Registration(
            event=event,
            first_name=self.first_name,
            last_name=self.last_name,
            email=self.email,
            email_key=addresses.key(self.email),
            profession=self.profession,
            profession_other=self.profession_other,
            workplace=self.workplace,
            department=self.department,
            attendance=self.wish.attendance,
            status=Status.CONFIRMED,
            language=self.language,
            message=self.message,
            wants_news=self.wants_news,
            notice_version=NOTICE_VERSION,
            registered_by=registered_by,
            received_at=received_at,
            changed_at=received_at,
            calendar_domain=settings().mail_domain,
        )
        if self.tells_of_health and self.wish.wants_seat:
            registration.health = HealthNote(
                diets=list(self.diets),
                diet_other=self.diet_other,
                access_needs=self.access_needs,
                consented_at=received_at,
            )
        return registration

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def of(cls, registration: Registration) -> Application:
        """What the registration was made from."""
        health = registration.health
        return cls(
            first_name=registration.first_name,
            last_name=registration.last_name,
            email=registration.email,
            profession=registration.profession,
            workplace=registration.workplace,
            wish=wish_behind(registration),
            language=registration.language,
            profession_other=registration.profession_other,
            department=registration.department,
            diets=tuple(Diet(diet) for diet in health.diets) if health else (),
            diet_other=health.diet_other if health else "",
            access_needs=health.access_needs if health else "",
            message=registration.message,
            wants_news=registration.wants_news,
        )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Application:
        return cls(
            **{
                **values,
                "profession": Profession(values["profession"]),
                "wish": Wish(values["wish"]),
                "diets": tuple(Diet(diet) for diet in values["diets"]),
            }
        )


def wish_behind(registration: Registration) -> Wish:
    """What one asks for to get what the registration is now."""
    if registration.attendance is Attendance.ONLINE:
        return Wish.ONLINE_AND_LINE if registration.in_line_since else Wish.ONLINE
    return Wish.LINE if registration.in_line_since else Wish.ON_SITE


@dataclass(frozen=True)
class Details:
    """What a participant may correct about themselves."""

    first_name: str
    last_name: str
    profession: Profession
    profession_other: str
    workplace: str
    department: str
    wants_news: bool

    @classmethod
    def of(cls, application: Application) -> Details:
        return cls(**{name: getattr(application, name) for name in cls.__annotations__})


@dataclass(frozen=True)
class Needs:
    """What a participant tells of diets and access needs; nothing at all withdraws the consent."""

    diets: tuple[Diet, ...] = ()
    diet_other: str = ""
    access_needs: str = ""

    def __bool__(self) -> bool:
        return bool(self.diets or self.diet_other or self.access_needs)
