"""What a person chooses among when registering."""

from __future__ import annotations

import enum
from typing import Final

from regapp.core.i18n import Text
from regapp.events.models import Attendance


class Profession(enum.StrEnum):
    PHYSICIAN = "physician"
    NURSE = "nurse"
    PHARMACIST = "pharmacist"
    BIOMEDICAL = "biomedical"
    RESEARCHER = "researcher"
    STUDENT = "student"
    COORDINATOR = "coordinator"
    INDUSTRY = "industry"
    AUTHORITY = "authority"
    PATIENT = "patient"
    OTHER = "other"

    @property
    def label(self) -> Text:
        return _PROFESSION_LABELS[self]


_PROFESSION_LABELS = {
    Profession.PHYSICIAN: Text("Läkare", "Physician"),
    Profession.NURSE: Text("Sjuksköterska", "Nurse"),
    Profession.PHARMACIST: Text("Farmaceut eller apotekare", "Pharmacist"),
    Profession.BIOMEDICAL: Text("Biomedicinsk analytiker", "Biomedical scientist"),
    Profession.RESEARCHER: Text("Forskare", "Researcher"),
    Profession.STUDENT: Text("Student eller doktorand", "Student or doctoral student"),
    Profession.COORDINATOR: Text("Koordinator eller administratör", "Coordinator or administrator"),
    Profession.INDUSTRY: Text("Anställd i läkemedelsföretag", "Employed in the pharmaceutical industry"),
    Profession.AUTHORITY: Text("Anställd vid myndighet eller region", "Employed at an authority or a region"),
    Profession.PATIENT: Text("Företrädare för patientorganisation", "Representative of a patient organisation"),
    Profession.OTHER: Text("Annat", "Other"),
}


class Diet(enum.StrEnum):
    """The common special diets; anything else is written in words."""

    VEGETARIAN = "vegetarian"
    VEGAN = "vegan"
    GLUTEN_FREE = "gluten_free"
    LACTOSE_FREE = "lactose_free"
    NUT_ALLERGY = "nut_allergy"
    HALAL = "halal"
    KOSHER = "kosher"

    @property
    def label(self) -> Text:
        return _DIET_LABELS[self]


_DIET_LABELS = {
    Diet.VEGETARIAN: Text("Vegetariskt", "Vegetarian"),
    Diet.VEGAN: Text("Veganskt", "Vegan"),
    Diet.GLUTEN_FREE: Text("Glutenfritt", "Gluten free"),
    Diet.LACTOSE_FREE: Text("Laktosfritt", "Lactose free"),
    Diet.NUT_ALLERGY: Text("Utan nötter", "Without nuts"),
    Diet.HALAL: Text("Halal", "Halal"),
    Diet.KOSHER: Text("Kosher", "Kosher"),
}


class Wish(enum.StrEnum):
    """What a person asks for; the last two only when the day is full on site."""

    ON_SITE = "on_site"
    ONLINE = "online"
    ONLINE_AND_LINE = "online_and_line"
    LINE = "line"

    @property
    def label(self) -> Text:
        return _WISH_LABELS[self]

    @property
    def attendance(self) -> Attendance:
        """The form of attendance that the person holds, or waits for."""
        return Attendance.ONLINE if self in {Wish.ONLINE, Wish.ONLINE_AND_LINE} else Attendance.ON_SITE

    @property
    def wants_seat(self) -> bool:
        return self is not Wish.ONLINE

    @property
    def wants_line(self) -> bool:
        return self in {Wish.ONLINE_AND_LINE, Wish.LINE}


_WISH_LABELS = {
    Wish.ON_SITE: Text("På plats", "On site"),
    Wish.ONLINE: Text("Digitalt", "Online"),
    Wish.ONLINE_AND_LINE: Text(
        "Digitalt nu, och i kö för en plats i lokalen", "Online now, and in line for an on-site place"
    ),
    Wish.LINE: Text("Bara i kö för en plats i lokalen", "Only in line for an on-site place"),
}


WORKPLACES: Final = (
    "Karolinska Institutet",
    "Karolinska Universitetssjukhuset",
    "Uppsala universitet",
    "Akademiska sjukhuset",
    "Lunds universitet",
    "Skånes universitetssjukhus",
    "Göteborgs universitet",
    "Sahlgrenska Universitetssjukhuset",
    "Linköpings universitet",
    "Universitetssjukhuset i Linköping",
    "Norrlands universitetssjukhus",
    "Lif – de forskande läkemedelsföretagen",
    "Bristol Myers Squibb (BMS)",
    "Novartis Sverige",
    "Janssen-Cilag",
    "Gilead Sciences",
)
