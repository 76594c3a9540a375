"""An IMAP server of the tests' own: Dovecot on loopback, in a folder of its own, gone when they end."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from string import Template

from tests.support.machine.server import free_port
from tests.support.machine.waiting import wait_until
from tests.support.mail.smtp import HERE

PASSWORD = 'p"å s\\s of-nobody'

SETTINGS = Template("""
base_dir = $folder/run
state_dir = $folder/state
log_path = $folder/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <$folder/certificate.pem
ssl_key = <$folder/certificate.pem
disable_plaintext_auth = no
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
first_valid_uid = 1
mail_location = maildir:$folder/mail/%u
mailbox_list_index = no
mail_fsync = never
passdb {
  driver = passwd-file
  args = username_format=everybody $folder/users
}
userdb {
  driver = static
  args = uid=$user gid=$group home=$folder/home/%u
}
auth_failure_delay = 0
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap {
  service_count = 100
}
service imap-login {
  chroot =
  service_count = 0
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = $tls_port
    ssl = yes
  }
}
$more
""")


def find_program() -> str | None:
    """Debian keeps it where only root's PATH leads."""
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")


class Dovecot:
    """One server; each test takes a mailbox of its own (`new_user`)."""

    def __init__(self, more: str = "") -> None:
        self.port, self.tls_port = free_port(), free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="regapp-imap-"))
        self._users = count(1)
        # It must not run as root; then it runs as the user who comes with the package.
        owner = pwd.getpwnam("dovecot") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self._owner = owner
        values = {"folder": self.folder, "user": owner.pw_name, "group": grp.getgrgid(owner.pw_gid).gr_name}
        self._settings = self.folder / "dovecot.conf"
        self._settings.write_text(SETTINGS.substitute(values, port=self.port, tls_port=self.tls_port, more=more))
        shutil.copyfile(HERE, self.folder / "certificate.pem")
        (self.folder / "users").write_text(f"everybody:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        program = find_program()
        assert program is not None
        name = self._owner.pw_name
        as_owner = ["setpriv", f"--reuid={name}", f"--regid={self._owner.pw_gid}", "--init-groups"]
        process = subprocess.Popen(
            [*(as_owner if os.geteuid() == 0 else []), program, "-F", "-c", str(self._settings)],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self._answers, what=f"Dovecot; see {self.folder}/dovecot.log")
        return process

    def _answers(self) -> bool:
        try:
            imaplib.IMAP4("127.0.0.1", self.port, timeout=5).shutdown()
        except (OSError, imaplib.IMAP4.error):
            return False
        return True

    def new_user(self) -> MailboxOfTheirs:
        return MailboxOfTheirs(self, f"inbox{next(self._users)}")

    def remove(self) -> None:
        # Told to end, it would take a second.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(20)
        shutil.rmtree(self.folder)


class MailboxOfTheirs:
    """A mailbox as its owner sees it in a mail program."""

    def __init__(self, server: Dovecot, name: str) -> None:
        self.server = server
        self.name = name

    @property
    def settings(self) -> dict[str, str]:
        """The REGAPP_… settings that lead here, without their prefix."""
        return {
            "INBOX_SERVER": "127.0.0.1",
            "INBOX_PORT": str(self.server.tls_port),
            "INBOX_USERNAME": self.name,
            "INBOX_PASSWORD": PASSWORD,
            "MAIL_CA_FILE": str(HERE),
        }

    @contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        imap = imaplib.IMAP4("127.0.0.1", self.server.port, timeout=20)
        imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        imap.authenticate("PLAIN", lambda _: f"\0{self.name}\0{PASSWORD}".encode())
        yield imap
        imap.logout()

    def put(self, message: bytes, folder: str = "INBOX") -> None:
        """A message arrives."""
        with self._opened() as imap:
            status, words = imap.append(folder, "", "", message)
            assert status == "OK", words

    def messages(self, folder: str = "INBOX", *, which: str = "ALL") -> list[bytes]:
        """What lies in the folder; `which` as IMAP's SEARCH has it."""
        with self._opened() as imap:
            if imap.select(folder, readonly=True)[0] != "OK":
                return []
            numbers = imap.search(None, which)[1][0].split()
            return [imap.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1] for number in numbers]

    def empty(self, folder: str = "INBOX") -> None:
        with self._opened() as imap:
            imap.select(folder)
            imap.store("1:*", "+FLAGS", r"\Deleted")
            imap.expunge()
