"""The files in deploy/ and the commands of the manual: what can be told from reading them."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.support.machine.forks import ROOT

MANUAL = [ROOT / "README.md", ROOT / "docs" / "operations.md"]


def shell_of(document: Path) -> str:
    """All that the document tells its reader to type."""
    return "\n".join(re.findall(r"```sh\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL))


def assigned(path: Path) -> list[str]:
    """Each name that the file sets, as often as it does; with the section in front where there are sections."""
    lines = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        targets = [target for node in ast.parse(lines).body if isinstance(node, ast.Assign) for target in node.targets]
        return [target.id for target in targets if isinstance(target, ast.Name)]
    section, names = "", []
    for line in lines.splitlines():
        if line.startswith("["):
            section = line
        elif named := re.match(r"#?\s*([A-Za-z_]+)=", line):
            names.append(section + named[1])
    return names


@pytest.mark.parametrize("name", ["gunicorn.conf.py", "regapp-web.service", "regapp-worker.service", "regapp.env"])
def test_nothing_is_set_twice(name: str) -> None:
    counted = Counter(assigned(ROOT / "deploy" / name))
    assert counted
    assert [name for name, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("document", MANUAL, ids=lambda path: path.name)
def test_a_strict_umask_ends_with_its_command(document: Path) -> None:
    """A shell that keeps it makes the next update's files unreadable for the service."""
    assert not re.search(r"^\s*umask 0?77", shell_of(document), re.MULTILINE)


def test_the_files_of_the_program_are_made_readable_whatever_the_shell_brought() -> None:
    shell = shell_of(ROOT / "docs" / "operations.md")
    for fetched in ("git clone", "git pull"):
        before = shell[: shell.index(fetched)]
        assert "umask 022" in before[before.rfind("\n\n") + 1 :], fetched


@pytest.mark.parametrize("document", MANUAL, ids=lambda path: path.name)
def test_no_file_is_written_by_the_service_s_user_into_the_reader_s_folder(document: Path) -> None:
    """The installed command runs in the service's folder, as its user."""
    assert not re.findall(r"regapp [^\n`]*--out (?!/)\S+", document.read_text(encoding="utf-8"))


def test_the_programs_that_the_manual_calls_are_among_its_packages() -> None:
    shell = shell_of(ROOT / "docs" / "operations.md")
    packages = set(" ".join(re.findall(r"apt-get install ([^\n]*)", shell)).split())
    called = set(re.findall(r"\b(certbot|curl|git|nginx|openssl) ", shell))
    assert called
    assert called <= packages


def test_nginx_is_told_nothing_that_one_debian_warns_of_and_another_does_not_know() -> None:
    """HTTP/2 is a word of `listen` in nginx 1.22 and a directive from 1.25.1 on."""
    directives = re.findall(r"^\s*[^#\s][^;{]*", (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8"), re.M)
    assert directives
    assert [line for line in directives if "http2" in line] == []
