"""A mail server that takes every letter: prints its port, then a line for each letter with the instant and the address.

The instant is CLOCK_MONOTONIC's, the same for all processes.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope


class _Sink:
    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        print(time.monotonic(), envelope.rcpt_tos[0], flush=True)
        return "250 2.0.0 accepted"


async def main() -> None:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: SMTP(_Sink(), hostname="mail.example.org", ident="sink", loop=loop), "127.0.0.1", 0
    )
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
