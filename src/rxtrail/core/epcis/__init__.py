"""EPCIS 1.0 to 2.0: events, their readers and writers, canonical bytes and hashes."""
