"""What a person chooses among when registering."""

from typing import Final

from regapp.core.i18n import Labelled, Text
from regapp.events.models import Attendance


class Profession(Labelled):
    PHYSICIAN = "physician", Text("Läkare", "Physician")
    NURSE = "nurse", Text("Sjuksköterska", "Nurse")
    PHARMACIST = "pharmacist", Text("Farmaceut eller apotekare", "Pharmacist")
    BIOMEDICAL = "biomedical", Text("Biomedicinsk analytiker", "Biomedical scientist")
    RESEARCHER = "researcher", Text("Forskare", "Researcher")
    STUDENT = "student", Text("Student eller doktorand", "Student or doctoral student")
    COORDINATOR = "coordinator", Text("Koordinator eller administratör", "Coordinator or administrator")
    INDUSTRY = "industry", Text("Anställd i läkemedelsföretag", "Employed in the pharmaceutical industry")
    AUTHORITY = "authority", Text("Anställd vid myndighet eller region", "Employed at an authority or a region")
    PATIENT = "patient", Text("Företrädare för patientorganisation", "Representative of a patient organisation")
    OTHER = "other", Text("Annat", "Other")


class Diet(Labelled):
    """The common special diets; anything else is written in words."""

    VEGETARIAN = "vegetarian", Text("Vegetariskt", "Vegetarian")
    VEGAN = "vegan", Text("Veganskt", "Vegan")
    GLUTEN_FREE = "gluten_free", Text("Glutenfritt", "Gluten free")
    LACTOSE_FREE = "lactose_free", Text("Laktosfritt", "Lactose free")
    NUT_ALLERGY = "nut_allergy", Text("Utan nötter", "Without nuts")
    HALAL = "halal", Text("Halal", "Halal")
    KOSHER = "kosher", Text("Kosher", "Kosher")


class Wish(Labelled):
    """What a person asks for; the last two only when the day is full on site."""

    ON_SITE = "on_site", Text("På plats", "On site")
    ONLINE = "online", Text("Digitalt", "Online")
    ONLINE_AND_LINE = (
        "online_and_line",
        Text("Digitalt nu, och i kö för en plats i lokalen", "Online now, and in line for an on-site place"),
    )
    LINE = "line", Text("Bara i kö för en plats i lokalen", "Only in line for an on-site place")

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
