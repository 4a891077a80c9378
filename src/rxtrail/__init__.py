"""rxtrail: medicine track and trace; EPCIS files in, a verdict at the counter out."""
