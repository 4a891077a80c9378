"""The REST binding of EPCIS 2.0 under ``/epcis``: every path of the standard, its headers, forms and refusals."""
