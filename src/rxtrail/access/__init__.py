"""Who may see and do what: asked by every room, decided in one place.

Accounts come later. Until then there are two kinds of asker: the operator on this machine (the command line and the
loopback pages), who may do everything, and nobody else, since nothing listens beyond loopback.
"""
