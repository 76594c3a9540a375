"""What a person asks for when they register, as plain values."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from regapp.registrations.choices import Attendance, Diet, Profession, Wish
from regapp.registrations.models import Registration


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
