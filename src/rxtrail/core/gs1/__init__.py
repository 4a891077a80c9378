"""GS1 identifiers and the ways they are written: EPC URN, Digital Link, element string, scanner text."""
