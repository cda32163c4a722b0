"""HTTP to hosts named in settings or by other services: over TLS, to public addresses, without redirects.

An address that a name leads to is looked up once and is the one connected to, so that a name cannot lead to another one
after the check.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from ipaddress import ip_address

import httpx

from voting.request_ids import current_ids

# At lower levels it logs addresses, which may have a key in them.
logging.getLogger("httpx").setLevel(logging.WARNING)
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 5.0
MOST_BYTES = 256 * 1024


class Checked(httpx.AsyncBaseTransport):
    """Connects to public addresses over TLS only."""

    def __init__(self) -> None:
        # Connections are kept by address: one to another name at the same address would be used for this one, too.
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends the request to the address that was checked, under the certificate of the name."""
        host = request.url.host
        if request.url.scheme != "https":
            raise httpx.UnsupportedProtocol(f"{request.url.scheme} is not allowed: only https is", request=request)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"{host} has no address", request=request) from error
        addresses = [str(sockaddr[0]) for *_, sockaddr in found]
        if not all(ip_address(address).is_global for address in addresses):
            raise httpx.ConnectError(f"{host} lies in a private network", request=request)
        # The Host header is set already, from the name.
        request.url = request.url.copy_with(host=addresses[0])
        request.extensions = {**request.extensions, "sni_hostname": host}
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()


def client(*, allow_private: bool, base_url: str = "") -> httpx.AsyncClient:
    """Returns a client. `allow_private`: also plain HTTP and private addresses, for a provider in the same network."""
    transport = None if allow_private else Checked()
    timeout = httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS)
    return httpx.AsyncClient(
        base_url=base_url, transport=transport, timeout=timeout, follow_redirects=False, trust_env=False
    )


async def ask(
    http: httpx.AsyncClient, request: httpx.Request, auth: httpx.BasicAuth | None = None
) -> tuple[int, bytes]:
    """Returns the status and the body of the answer. Raises httpx.HTTPError, also for a long answer or a late one.

    The trace of the request that it is made for goes with it.
    """
    if traceparent := current_ids.get().traceparent:
        request.headers["traceparent"] = traceparent
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            response = await http.send(request, stream=True, auth=auth)
            try:
                body = b""
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > MOST_BYTES:
                        raise httpx.DecodingError(f"the answer is longer than {MOST_BYTES} bytes", request=request)
                return response.status_code, body
            finally:
                await response.aclose()
    except TimeoutError:
        raise httpx.ReadTimeout(f"no answer within {TOTAL_SECONDS:.0f} s", request=request) from None


def _hide_query(record: logging.LogRecord) -> bool:
    """Removes the queries of addresses from what httpx logs: they carry secrets."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            value.copy_with(query=None) if isinstance(value, httpx.URL) else value for value in record.args
        )
    return True


logging.getLogger("httpx").addFilter(_hide_query)
