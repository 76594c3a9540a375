"""The demo day in words. What it says about SWECARNET is the network's own; hall and speakers are made up."""

from datetime import time
from typing import Final, NamedTuple

TITLE_SV: Final = "SWECARNET:s utbildningsdag om CAR T-cellsbehandling {year}"
TITLE_EN: Final = "SWECARNET training day on CAR T-cell therapy {year}"

AUDIENCE_SV: Final = (
    "Dagen vänder sig till dig som genom forskning, kliniskt arbete eller på annat sätt arbetar med eller är "
    "intresserad av CAR T-cellsbehandling."
)
AUDIENCE_EN: Final = (
    "The day is for those who, through research, clinical work or otherwise, are involved or interested in "
    "CAR T-cell therapy."
)
LANGUAGE_NOTE_SV: Final = "Större delen av dagen hålls på svenska."
LANGUAGE_NOTE_EN: Final = "Most of the day is held in Swedish."

DESCRIPTION_SV: Final = """\
En dag om CAR T-cellsbehandling i Sverige: hur den ges, hur patienterna följs upp och vad som prövas i kliniska
studier. Delta på plats i Stockholm eller digitalt.

Den första CAR T-produkten som tillverkades i Sverige, och i Europa, kom 2014. År 2019 användes en kommersiell
CAR T-produkt för första gången som standardbehandling här.

### Om SWECARNET

SWECARNET är Sveriges kompetensnätverk för CAR T-celler: ett öppet nätverk av nyckelpersoner inom det svenska
CAR T-fältet. Nätverket arbetar för

- kunskapsutbyte
- standardiserade processer för CAR T-behandling och uppföljning.

Nätverket finansieras av Vinnova och koordineras av Karolinska Institutet.
"""
DESCRIPTION_EN: Final = """\
A day about CAR T-cell therapy in Sweden: how it is given, how patients are followed up and what is being tried in
clinical trials. Take part on site in Stockholm or online.

The first CAR T product manufactured in Sweden, and in Europe, came in 2014. In 2019 a commercial CAR T product was
used as standard of care here for the first time.

### About SWECARNET

SWECARNET is Sweden's CAR T-cell competence network: an open network of key representatives in the Swedish
CAR T field. The network works for

- knowledge exchange
- standardised processes for CAR T delivery and follow-up.

The network is funded by Vinnova and coordinated by Karolinska Institutet.
"""

VENUE: Final = "Hörsal Exempel"
ADDRESS: Final = "Påhittade vägen 1, 171 00 Solna"
DIRECTIONS_SV: Final = """\
Hörsalen finns bara i den här demonstrationen. På riktigt står här hur man tar sig dit: närmaste hållplats,
vilken ingång som är öppen, var hissen finns och att salen har hörslinga.
"""
DIRECTIONS_EN: Final = """\
The lecture hall exists only in this demonstration. On a real page, this is how to get there: the nearest stop,
which entrance is open, where the lift is, and that the hall has a hearing loop.
"""

REMINDER_SV: Final = """\
Vi börjar i tid. Ha gärna en fråga till föreläsarna med dig: det finns plats för frågor efter varje föreläsning.
"""
REMINDER_EN: Final = """\
We start on time. Please bring a question for the speakers: there is time for questions after each lecture.
"""

CONTACT: Final = "utbildningsdag@example.org"
MEETING_URL: Final = "https://meeting.example.org/swecarnet-{year}"
SEATS_ON_SITE: Final = 120
OFFER_DAYS: Final = 14
LINE_ENDS: Final = time(12, 0)
KITCHEN_DAYS: Final = 7
"""The day before, the line closes at that clock; so many days before, the kitchen gets its numbers."""

DOORS_OPEN: Final = time(8, 15)
STARTS: Final = time(9, 0)
ENDS: Final = time(16, 30)


class Session(NamedTuple):
    """A line of the programme. `N.N.` stands for a speaker who is not named yet, in both languages."""

    starts: time
    sv: str
    en: str
    speaker: str = ""
    place: str = ""


PROGRAMME: Final = (
    Session(time(8, 30), "Kaffe och registrering", "Coffee and registration", place="Foajé Exempel"),
    Session(time(9, 0), "Välkommen", "Welcome", "SWECARNET", VENUE),
    Session(
        time(9, 15),
        "CAR T i Sverige: från den första tillverkningen till standardbehandling",
        "CAR T in Sweden: from the first manufacturing to standard of care",
        "N.N.",
        VENUE,
    ),
    Session(time(10, 15), "Paus", "Break", place="Foajé Exempel"),
    Session(
        time(10, 45),
        "Från remiss till infusion: patientens väg genom behandlingen",
        "From referral to infusion: the patient's way through the treatment",
        "N.N.",
        VENUE,
    ),
    Session(
        time(11, 20),
        "Biverkningar de första veckorna: upptäcka, bedöma, behandla",
        "Side effects in the first weeks: detecting, grading, treating",
        "N.N.",
        VENUE,
    ),
    Session(time(12, 0), "Lunch", "Lunch", place="Foajé Exempel"),
    Session(time(13, 0), "Uppföljning på lång sikt", "Long-term follow-up", "N.N.", VENUE),
    Session(time(13, 45), "Kliniska prövningar just nu", "Clinical trials right now", "N.N.", VENUE),
    Session(time(14, 30), "Paus", "Break", place="Foajé Exempel"),
    Session(
        time(15, 0),
        "Gemensamma processer: vad kan vi göra lika i hela landet?",
        "Shared processes: what can we do alike in the whole country?",
        "N.N.",
        VENUE,
    ),
    Session(time(16, 0), "Sammanfattning och vägen framåt", "Summary and the way forward", "SWECARNET", VENUE),
)

FIRST_NAMES: Final = (
    "Åsa", "Ängla", "Örjan", "Ålva", "Äskil", "Östen", "Åke", "Bodil", "Cajsa", "Disa", "Egil", "Frej", "Gerda",
    "Hjördis", "Idun", "Jorunn", "Kettil", "Love", "Märta-Lisa", "Njord", "Orvar", "Pelle-Per", "Ragnvald",
    "Saga", "Tyra", "Ulla-Brita", "Vidar", "Ylva", "Zelda", "Ebba",
)  # fmt: skip
"""Plain Swedish names, so that å, ä, ö and hyphens are seen; none of them with a plain surname."""

LAST_NAMES: Final = (
    "Exempelsson", "Provberg", "Påhittander", "Testlund", "Fantasiström", "Låtsasdotter", "Demoholm",
    "Fiktivius", "Övningsson", "Skissberg", "Utkastsson", "Mallgren", "Attrappsson", "Sagoberg", "Ålåtsas",
    "Äventyrander", "O'Påhitt", "Leksaksson", "Dummyberg", "Kulisslund",
)  # fmt: skip
"""Surnames that say what they are: exempel, prov, påhitt (example, sample, invention) and so on."""

DEPARTMENTS: Final = ("", "", "Exempelkliniken", "Provenheten", "Institutionen för exempel", "Påhittavdelningen")

DIETS_IN_WORDS: Final = ("Ingen selleri, tack.", "Äter inte fisk.")
ACCESS_NEEDS: Final = (
    "Jag behöver en rullstolsplats.",
    "Jag använder hörslinga.",
    "Jag vill sitta nära skärmen.",
)

MESSAGES: Final = (
    "Blir föreläsningarna inspelade?",
    "Jag kommer med ett senare tåg och är framme vid tiotiden.",
    "Går det att ställa frågor till föreläsarna i förväg?",
    "Vi är fyra från samma avdelning. Kan vi sitta tillsammans vid lunchen?",
    "Finns det möjlighet att ta med en affisch om vårt arbete?",
    "Tack för förra årets dag, den var mycket bra!",
)
MESSAGE_IN_ENGLISH: Final = "Will the slides be in English?"

ACCEPTED: Final = "250 2.0.0 Ok: queued"
DEFERRED: Final = "450 4.2.0 Greylisted, please try again in 60 seconds"
REFUSED: Final = "550 5.1.1 Recipient address rejected: User unknown"
RETURNED: Final = "552 5.2.2 Mailbox full"
