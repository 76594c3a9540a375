"""What a person sees in the terminal when the demo starts."""

from regapp.core.context import settings
from regapp.demo.filling import Demo


def greet(demo: Demo) -> str:
    """The addresses, and the sign-in of the demo's organiser."""
    base = settings().base_url
    if demo.password_file.exists():
        password = demo.password_file.read_text().strip()
    else:
        password = f"(no longer in {demo.password_file})"
    letters = (
        f"written as .eml files into {settings().instance / 'outbox'}"
        if settings().files_letters
        else f"sent to {settings().mail_server}:{settings().mail_port}"
    )
    return f"""
  The training day  {base}/{demo.slug}/
  in English        {base}/en/{demo.slug}/
  For organisers    {base}/organiser/
    e-mail          {demo.organiser}
    password        {password}
  Letters are {letters}
"""
