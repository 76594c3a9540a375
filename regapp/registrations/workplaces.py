"""Suggestions for the workplace field: the network's partners, by the names that Swedish readers use."""

from typing import Final

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
