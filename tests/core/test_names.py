"""What is a name, and what would be a link in a letter to a stranger."""

import time

import pytest

from regapp.core import text
from regapp.core.errors import RuleBroken

NAMES = """St. John|St.John|J.R.R.|J. R. R. Tolkien|J.R.R.Tolkien|M.Sc.|Ph.D.|Åsa-Märta|O'Brien|O’Brien|d.y.|Jr.|J.-P.
Anna Ek, Jr.|S:t Erik|von der Leyen|McDonald|J.McDonald|А.С.Пушкин|李|王小明|محمد|د. محمد|नरेन्द्र|Gal·la|Anna … Ek
Anna/Bo|Bo (Bosse) Ek|3:e|Nguyễn Thị Ánh|Prof.Andersson|Wwwedin"""

LINKS = """example.com|Example.Com|EXAMPLE.COM|http://x|https://|hxxp://evil|www.x|www x|x@y.z
＠home|bit.ly/abc|t.co|t.co/abc|T.Info/abc|Win at evil.example now|åsa.se|例え.テスト|李.中国
सिंह.भारत|د.شبكة|example．com|example。com|example｡com|example․com|example . com
example .com|.com|evil\u200b.\u200bcom|evil.\u0301com|evil.\ufe0fcom|J.Smith.com|a.b.com
a-b.se|192.0.2.1|//evil|\\\\evil\\share|mailto:a|ｗｗｗ.x|ftp://x|x.com|X.COM|st.com
dr.info|M.SC|xn--80ak6aa92e.com|(evil).com"""


@pytest.mark.parametrize("name", NAMES.replace("\n", "|").split("|"))
def test_names_with_dots_and_in_every_script_are_names(name: str) -> None:
    text.check(name)


@pytest.mark.parametrize("name", LINKS.replace("\n", "|").split("|"))
def test_what_a_mail_program_makes_a_link_of_is_no_name(name: str) -> None:
    with pytest.raises(RuleBroken) as told:
        text.check(name)
    assert "mellanslag" in told.value.message.in_language("sv")
    assert "web address" in told.value.message.in_language("en")


def test_a_long_name_is_looked_through_at_once() -> None:
    began = time.perf_counter()
    text.check("J." * 50_000)
    assert time.perf_counter() - began < 1
