"""The description of the SOAP interface, written from the list of its operations and what each may raise."""

from __future__ import annotations

from typing import Final

from rxtrail.web.epcis.writing import escaped

_QUERY: Final = "urn:epcglobal:epcis-query:xsd:"
_FAULTS: Final = {
    "GetQueryNames": (),
    "Subscribe": (
        *("NoSuchNameException", "InvalidURIException", "DuplicateSubscriptionException", "QueryParameterException"),
        *("QueryTooComplexException", "SubscriptionControlsException", "SubscribeNotPermittedException"),
    ),
    "Unsubscribe": ("NoSuchSubscriptionException",),
    "GetSubscriptionIDs": ("NoSuchNameException",),
    "Poll": (
        *("QueryParameterException", "QueryTooLargeException", "QueryTooComplexException", "NoSuchNameException"),
    ),
    "GetStandardVersion": (),
    "GetVendorVersion": (),
}
_ALWAYS: Final = ("SecurityException", "ValidationException", "ImplementationException")
_RESULTS: Final = {name: "QueryResults" if name == "Poll" else f"{name}Result" for name in _FAULTS}


def wsdl(address: str) -> bytes:
    """Give the description of the interface (WSDL 1.1), in the namespace of EPCIS 1.x, which most clients speak.

    The types are those of the standard's own schema, which clients have.
    """
    names = sorted({fault for faults in _FAULTS.values() for fault in (*faults, *_ALWAYS)})
    messages = "".join(
        f'<message name="{name}Request"><part name="parms" element="epcisq:{name}"/></message>'
        f'<message name="{name}Response"><part name="{name}Return" element="epcisq:{_RESULTS[name]}"/></message>'
        for name in _FAULTS
    ) + "".join(
        f'<message name="{name}Response"><part name="fault" element="epcisq:{name}"/></message>' for name in names
    )
    operations, bindings = "", ""
    for name, faults in _FAULTS.items():
        method = name[0].lower() + name[1:]
        told = (*faults, *_ALWAYS)
        operations += (
            f'<operation name="{method}"><input message="impl:{name}Request"/><output message="impl:{name}Response"/>'
            + "".join(f'<fault name="{fault}Fault" message="impl:{fault}Response"/>' for fault in told)
            + "</operation>"
        )
        bindings += (
            f'<operation name="{method}"><soap:operation soapAction=""/><input><soap:body use="literal"/></input>'
            '<output><soap:body use="literal"/></output>'
            + "".join(f'<fault name="{f}Fault"><soap:fault name="{f}Fault" use="literal"/></fault>' for f in told)
            + "</operation>"
        )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<definitions targetNamespace="urn:epcglobal:epcis:wsdl:1" '
        'xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
        f'xmlns:impl="urn:epcglobal:epcis:wsdl:1" xmlns:epcisq="{_QUERY}1" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        '<types><xsd:schema targetNamespace="urn:epcglobal:epcis:wsdl:1">'
        f'<xsd:import namespace="{_QUERY}1" schemaLocation="EPCglobal-epcis-query-1_2.xsd"/></xsd:schema></types>'
        f'{messages}<portType name="EPCISServicePortType">{operations}</portType>'
        '<binding name="EPCISServiceBinding" type="impl:EPCISServicePortType"><soap:binding style="document" '
        f'transport="http://schemas.xmlsoap.org/soap/http"/>{bindings}</binding><service name="EPCglobalEPCISService">'
        f'<port name="EPCglobalEPCISServicePort" binding="impl:EPCISServiceBinding"><soap:address '
        f'location="{escaped(address)}"/></port></service></definitions>'
    )
    return text.encode()
