"""Readers of sources of prices and versions; nothing else in the program reaches for the network."""
