"""A dossier as CASE/UCO JSON-LD (CASE 1.4, UCO 1.4): what was observed, how it was collected, what was noted.

https://caseontology.org. Names end in a UUID, as `case_validate` asks. What UCO has no word for (a firearm's make,
model, calibre and serial as stated) stands in properties of our own under `tracemark:`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from pipelines.exchange.facts import (
    LEAD,
    Namer,
    contacts_of,
    price_of,
    seller_of,
    show_marks,
    signal_lines,
    stamp,
    title_of,
    write_json,
)
from pipelines.packet.tracing import TRACED, trace_items

if TYPE_CHECKING:
    from pipelines.models import Capture, JsonObject
    from pipelines.packet.dossier import Dossier

_UCO = "https://ontology.unifiedcyberontology.org/uco/"
CONTEXT = {
    "kb": "urn:tracemark:kb:",
    "tracemark": "urn:tracemark:vocabulary:",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": f"{_UCO}action/",
    "uco-core": f"{_UCO}core/",
    "uco-identity": f"{_UCO}identity/",
    "uco-observable": f"{_UCO}observable/",
    "uco-tool": f"{_UCO}tool/",
    "uco-types": f"{_UCO}types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def write_case_uco(dossier: Dossier) -> bytes:
    """Return the dossier as JSON-LD; the same dossier gives the same bytes."""
    graph = _Graph(namer=Namer(workspace=dossier.workspace))
    about = graph.add("organization", (), "uco-identity:Organization", {"uco-core:name": show_marks(dossier.workspace)})
    version = dossier.software.get("tracemark", "")
    tool = graph.add("tool", (), "uco-tool:Tool", {"uco-core:name": "Tracemark", "uco-tool:version": version})
    for listing in dossier.listings():
        _add_listing(graph, listing, about, tool)
    kind = "uco-core:Bundle" if dossier.case is None else "case-investigation:Investigation"
    state = {} if dossier.case is None else {"case-investigation:investigationStatus": dossier.case["state"]}
    top = {"uco-core:name": title_of(dossier), "uco-core:description": LEAD, **state}
    held = {"uco-core:object": [{"@id": name} for name in sorted(graph.nodes)]}
    graph.add("bundle", (dossier.name,), kind, top | held)
    return write_json({"@context": CONTEXT, "@graph": [graph.nodes[name] for name in sorted(graph.nodes)]})


@frozen(kw_only=True)
class _Graph:
    namer: Namer
    nodes: dict[str, JsonObject] = field(factory=dict)

    def name(self, kind: str, *parts: Any) -> str:
        return f"kb:{kind}-{self.namer.name(kind, *parts)}"

    def add(self, kind: str, parts: tuple[Any, ...], node_type: str, values: JsonObject) -> JsonObject:
        """Add a node, once; return a reference to it."""
        name = self.name(kind, *parts)
        kept = {key: value for key, value in values.items() if value not in (None, "", [])}
        self.nodes.setdefault(name, {"@id": name, "@type": node_type, **kept})
        return {"@id": name}

    def facet(self, kind: str, parts: tuple[Any, ...], node_type: str, values: JsonObject) -> JsonObject:
        kept = {key: value for key, value in values.items() if value not in (None, "", [])}
        return {"@id": self.name(f"{kind}-facet", *parts), "@type": node_type, **kept}

    def relate(self, source: JsonObject, target: JsonObject, kind: str) -> None:
        self.add(
            "relationship",
            (source["@id"], target["@id"], kind),
            "uco-observable:ObservableRelationship",
            {
                "uco-core:source": source,
                "uco-core:target": target,
                "uco-core:kindOfRelationship": kind,
                "uco-core:isDirectional": True,
            },
        )


def _add_listing(graph: _Graph, dossier: Dossier, about: JsonObject, tool: JsonObject) -> None:
    listing, place = dossier.listing, (dossier.site, dossier.id)
    price = f"Price: {price_of(listing)}"
    text = f"{show_marks(listing.get('title'))}\n\n{show_marks(listing.get('description'))}\n\n{price}"
    facets = [
        graph.facet(
            "content",
            place,
            "uco-observable:ContentDataFacet",
            {"uco-observable:dataPayload": text, "uco-observable:mimeType": "text/plain"},
        )
    ]
    if listing.get("url"):
        address = {"uco-observable:fullValue": show_marks(listing["url"])}
        facets.append(graph.facet("url", place, "uco-observable:URLFacet", address))
    page = graph.add(
        "listing",
        place,
        "uco-observable:WebPage",
        {
            "uco-core:name": show_marks(listing.get("title")),
            "uco-core:description": f"Listing {show_marks('/'.join(place))}, {show_marks(listing.get('status'))}",
            "uco-core:hasFacet": facets,
            "uco-core:objectCreatedTime": _time(listing.get("first_seen")),
        },
    )
    _add_people(graph, dossier, page)
    _add_items(graph, dossier, page)
    for capture in dossier.captures:
        _add_capture(graph, capture, page, about, tool)
    for number, line in enumerate(signal_lines(dossier)):
        _annotate(graph, ("signal", *place, number), page, "signal observed", line)
    for number, review in enumerate(dossier.reviews):
        said = " ".join(show_marks(review.get(name)) for name in ("at", "actor", "decision", "reason"))
        _annotate(graph, ("review", *place, number), page, "decision of a person", said)


def _add_people(graph: _Graph, dossier: Dossier, page: JsonObject) -> None:
    account = seller_of(dossier.listing)
    if account is not None:
        identity, name = map(show_marks, account)
        parts = (dossier.site, account[0])
        login = {"uco-observable:accountIdentifier": identity}
        shown = {"uco-observable:displayName": name}
        facets = [
            graph.facet("account", parts, "uco-observable:AccountFacet", login),
            graph.facet("digital-account", parts, "uco-observable:DigitalAccountFacet", shown),
        ]
        about = {"uco-core:description": f"Account on {show_marks(dossier.site)}", "uco-core:hasFacet": facets}
        graph.relate(page, graph.add("account", parts, "uco-observable:DigitalAccount", about), "Created_By")
    for kind, value in contacts_of(dossier.listing):
        facet_type, property_name, node_type = {
            "email": ("EmailAddressFacet", "addressValue", "EmailAddress"),
            "phone": ("PhoneAccountFacet", "phoneNumber", "PhoneAccount"),
        }.get(kind, ("AccountFacet", "accountIdentifier", "DigitalAccount"))
        stated = {f"uco-observable:{property_name}": show_marks(value)}
        facet = graph.facet(kind, (value,), f"uco-observable:{facet_type}", stated)
        about = {"uco-core:description": f"{kind}, as stated in a text", "uco-core:hasFacet": [facet]}
        graph.relate(page, graph.add("contact", (kind, value), f"uco-observable:{node_type}", about), "Contains")


def _add_items(graph: _Graph, dossier: Dossier, page: JsonObject) -> None:
    for row in trace_items(dossier):
        stated = {f"tracemark:{name}": show_marks(row[name]) for name in ("class", *TRACED, "serial_state", "quantity")}
        gaps = {"tracemark:notStated": row["gaps"]}
        name = " ".join(show_marks(row[part]) for part in ("make", "model") if row[part]) or show_marks(row["class"])
        parts = (dossier.site, dossier.id, row["item"])
        item = graph.add("item", parts, "uco-core:UcoObject", {"uco-core:name": name, **stated, **gaps})
        _annotate(graph, ("item", *parts), page, "item as stated", name, item)


def _add_capture(graph: _Graph, capture: Capture, page: JsonObject, about: JsonObject, tool: JsonObject) -> None:
    sha256 = capture.stored.payload_sha256
    value = {
        "@id": graph.name("hash", sha256),
        "@type": "uco-types:Hash",
        "uco-types:hashMethod": "SHA256",
        "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": sha256},
    }
    facet = graph.facet("body", (capture.id,), "uco-observable:ContentDataFacet", {"uco-observable:hash": [value]})
    body = graph.add(
        "body",
        (capture.id,),
        "uco-observable:ObservableObject",
        {"uco-core:name": f"body of capture {capture.id}", "uco-core:hasFacet": [facet]},
    )
    action = graph.add(
        "capture",
        (capture.id,),
        "case-investigation:InvestigativeAction",
        {
            "uco-core:name": f"capture by {capture.method.value}",
            "uco-action:startTime": _time(capture.at),
            "uco-action:performer": about,
            "uco-action:instrument": [tool],
            "uco-action:object": [page],
            "uco-action:result": [body],
        },
    )
    shown = graph.nodes[action["@id"]]["uco-action:object"]
    if page not in shown:  # a page that shows several listings
        shown.append(page)
    record = {"uco-core:object": [body], "case-investigation:exhibitNumber": capture.id}
    graph.add("provenance", (capture.id,), "case-investigation:ProvenanceRecord", record)


def _annotate(graph: _Graph, parts: tuple[Any, ...], page: JsonObject, tag: str, said: str, *more: JsonObject) -> None:
    values = {"uco-core:tag": [tag], "uco-core:statement": [said], "uco-core:object": [page, *more]}
    graph.add("annotation", parts, "uco-core:Annotation", values)


def _time(value: Any) -> JsonObject | None:
    return {"@type": "xsd:dateTime", "@value": stamp(value)} if value else None
