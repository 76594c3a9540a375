"""What a person asks for when they register, as plain values."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from regapp.registrations.choices import Diet, Profession, Wish


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

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

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
