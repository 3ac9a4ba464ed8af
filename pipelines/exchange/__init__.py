"""The same facts in the forms that others read: CASE/UCO, STIX 2.1, MISP, tracing forms; redaction; requests."""
