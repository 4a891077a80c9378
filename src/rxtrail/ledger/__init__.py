"""The ledger: the one writer, through which every record goes."""
