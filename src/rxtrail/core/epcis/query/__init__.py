"""The EPCIS query language: its parameters as one table, what they mean, and the index terms of an event."""
