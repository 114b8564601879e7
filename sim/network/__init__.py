"""The supply network: who buys what from whom, generated from a sector table or read from files."""
