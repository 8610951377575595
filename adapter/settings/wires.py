"""The parts of ``sambro.yaml`` that name hosts: endpoints that we call, listeners that systems call."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from adapter.domain.agreement import Agreement
from adapter.domain.fields import Fields
from adapter.domain.perseverance import Tolerance
from adapter.domain.records import Mode
from adapter.settings.model import Address, Drop, Endpoint, EndpointTls, Listener, ListenerTls

_HOST: Final = re.compile(r"[0-9A-Za-z.:-]{1,253}", re.ASCII)
_MLLP: Final = re.compile(
    r"mllps?://(?:[0-9A-Za-z.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[1-9][0-9]{0,4}", re.ASCII
)
_MOST_PORTS: Final = 65_535
_MARKER: Final = re.compile(r"\.[a-z0-9]{1,20}", re.ASCII)
_TOKEN: Final = re.compile(r"[!-~]+", re.ASCII)


def read_address(fields: Fields) -> Address:
    """Host and port, for a server."""
    return Address(
        fields.matching("host", _HOST, "an address or a host name"), fields.whole("port", 0, 65535)
    )


def read_url(fields: Fields, key: str, *, is_plain_allowed: bool = False) -> str:
    """An absolute URL without query; plain http only on loopback, unless ``is_plain_allowed``. Returned without a slash at its end."""
    text = fields.text(key)
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if text and (parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment):
        fields.fault(key, "must be an absolute URL: https://host/path")
    elif parts.scheme == "http" and not is_plain_allowed and not is_loopback(host):
        fields.fault(key, "must be https; http only on loopback")
    return text.rstrip("/")


def read_endpoints(
    fields: Fields, folder: Path, agreements: Iterable[Agreement] | None
) -> dict[str, Endpoint]:
    """The endpoints by system id; ``agreements`` is None when they could not be read, and then nothing is compared."""
    agreements = None if agreements is None else tuple(agreements)
    known = (
        None
        if agreements is None
        else {system.id for agreement in agreements for system in agreement.systems}
    )
    sections = fields.named_after("endpoints", known)
    queried = _queried(agreements or ())
    systems = (system for agreement in agreements or () for system in agreement.systems)
    over_mllp = {system.id for system in systems if system.connector == "hl7v2_mllp"}
    for system in sorted((_forwarded_to(agreements or ()) | queried) - sections.keys()):
        fields.fault("endpoints", f"the system {system} of an agreement has none; add it with its url")
    return {
        system: _mllp_endpoint(system, section, folder)
        if system in over_mllp
        else _endpoint(system, section, folder, system in queried)
        for system, section in sections.items()
    }


def _forwarded_to(agreements: Collection[Agreement]) -> set[str]:
    flows = (flow for agreement in agreements for flow in agreement.flows if Mode.FORWARD in flow.modes)
    return {delivery.system for flow in flows for delivery in flow.deliver}


def _queried(agreements: Collection[Agreement]) -> set[str]:
    return {flow.query for agreement in agreements for flow in agreement.flows if flow.query is not None}


def _endpoint(system: str, section: Fields, folder: Path, is_queried: bool) -> Endpoint:
    with section as endpoint:
        has_query = "query_url" in endpoint
        if is_queried and not has_query:
            endpoint.fault("query_url", "is missing, and an agreement queries this system; add it")
        return Endpoint(
            system=system,
            url=read_url(endpoint, "url"),
            query_url=read_url(endpoint, "query_url") if has_query else None,
            token=read_secret(endpoint, "token", folder),
            timeout_seconds=_timeout(endpoint),
            tolerance=_tolerance(endpoint),
        )


def _mllp_endpoint(system: str, section: Fields, folder: Path) -> Endpoint:
    with section as endpoint:
        url = endpoint.matching("url", _MLLP, "mllps://host:port, or mllp://host:port on loopback")
        if url and int(url.rpartition(":")[2]) > _MOST_PORTS:
            endpoint.fault("url", f"has a port beyond {_MOST_PORTS}")
            url = ""
        is_plain, host = url.startswith("mllp:"), urlsplit(url).hostname or ""
        if is_plain and not is_loopback(host):
            endpoint.fault("url", "must be mllps; mllp only on loopback")
        tls = None if is_plain or not url else _endpoint_tls(endpoint, folder)
        return Endpoint(system, url, None, None, _timeout(endpoint), _tolerance(endpoint), tls)


def _endpoint_tls(fields: Fields, folder: Path) -> EndpointTls:
    with fields.section("tls") as tls:
        return EndpointTls(*(_file_name(tls, key, folder) for key in ("certificate", "key", "ca")))


def _timeout(endpoint: Fields) -> int:
    return endpoint.whole("timeout_seconds", 1, 25, default=10)


def _tolerance(endpoint: Fields) -> Tolerance:
    default = Tolerance()
    with endpoint.section("breaker") as breaker:
        return Tolerance(
            failures=breaker.whole("failures", 1, 100, default.failures),
            pause=timedelta(seconds=breaker.whole("pause_seconds", 1, 900, default.pause.seconds)),
        )


def read_secret(fields: Fields, key: str, folder: Path) -> str | None:
    """A secret, stated as ``key`` or in the file that ``<key>_file`` names; None without either."""
    in_file = f"{key}_file"
    has_file, is_stated = in_file in fields, key in fields
    if has_file and is_stated:
        fields.fault(key, f"state {key} or {in_file}, not both")
    if not has_file and not is_stated:
        return None
    named = in_file if has_file else key
    secret = (read_file(fields, named, folder) or "").strip() if has_file else fields.text(named)
    if secret and not _TOKEN.fullmatch(secret):
        fields.fault(named, "must be visible ASCII characters without spaces")
    return secret


def read_file(fields: Fields, key: str, folder: Path) -> str | None:
    """The text of a file; a relative name starts from ``folder``. None where there is a fault."""
    name = fields.text(key)
    try:
        return (folder / name).read_text(encoding="utf-8") if name else None
    except (OSError, UnicodeDecodeError):
        fields.fault(key, "cannot be read as UTF-8 text; make the file or correct the name")
        return None


def read_listeners(
    fields: Fields, folder: Path, agreements: Iterable[Agreement] | None
) -> dict[str, Listener]:
    """The MLLP listeners by channel id; ``agreements`` is None when they could not be read."""
    channels = None if agreements is None else _channels_by(agreements, "hl7v2_mllp")
    sections = fields.named_after("listeners", channels)
    for channel in sorted((channels or set()) - sections.keys()):
        fields.fault(
            "listeners", f"the channel {channel} of an agreement has none; add it with host, port and sources"
        )
    return {channel: _listener(channel, section, folder) for channel, section in sections.items()}


def read_drops(fields: Fields, folder: Path, agreements: Iterable[Agreement] | None) -> dict[str, Drop]:
    """The folders of file drop channels by channel id; ``agreements`` is None when they could not be read."""
    channels = None if agreements is None else _channels_by(agreements, "file_drop")
    sections = fields.named_after("drops", channels)
    for channel in sorted((channels or set()) - sections.keys()):
        fields.fault("drops", f"the channel {channel} of an agreement has none; add it with its folder")
    drops = {channel: _drop(channel, section, folder) for channel, section in sections.items()}
    taken: dict[Path, str] = {}
    for channel, drop in drops.items():
        first = taken.setdefault(drop.folder.resolve(), channel)
        if first != channel:
            fields.fault("drops", f"{channel} has the folder of {first}; each channel has its own")
    return drops


def _drop(channel: str, section: Fields, folder: Path) -> Drop:
    with section as drop:
        name = drop.text("folder")
        if name and not (folder / name).is_dir():
            drop.fault("folder", "no such folder; make it, mount it or correct the name")
        return Drop(
            channel=channel,
            folder=folder / name,
            settle_seconds=drop.whole("settle_seconds", 1, 3600, default=10),
            marker=drop.matching("marker", _MARKER, "an ending as .ok") if "marker" in drop else None,
            keep_hours=drop.whole("keep_hours", 1, 72, default=72),
        )


def _channels_by(agreements: Iterable[Agreement], connector: str) -> set[str]:
    channels = (channel for agreement in agreements for channel in agreement.channels)
    return {channel.id for channel in channels if channel.connector == connector}


def _listener(channel: str, section: Fields, folder: Path) -> Listener:
    with section as listener:
        address = read_address(listener)
        tls = _tls(listener, folder) if "tls" in listener else None
        if tls is None and address.host and not is_loopback(address.host):
            listener.fault("tls", "is missing; add it, or listen on loopback")
        return Listener(channel, address, read_networks(listener, "sources"), tls)


def _tls(listener: Fields, folder: Path) -> ListenerTls:
    with listener.section("tls") as tls:
        return ListenerTls(
            certificate=_file_name(tls, "certificate", folder),
            key=_file_name(tls, "key", folder),
            client_ca=_file_name(tls, "client_ca", folder),
            client_subjects=tls.texts("client_subjects"),
        )


def _file_name(fields: Fields, key: str, folder: Path) -> Path:
    name = fields.text(key)
    if name and not (folder / name).is_file():
        fields.fault(key, "no such file; make it or correct the name")
    return folder / name


def read_networks(fields: Fields, key: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """A required list of networks."""
    networks = []
    for text in fields.texts(key):
        try:
            networks.append(ip_network(text))
        except ValueError:
            fields.fault(key, f"{text} is not a network; write it as 10.1.2.0/24")
    return tuple(networks)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by name or address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
