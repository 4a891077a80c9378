"""Facts as data: the tables of GS1 that the code reads."""
