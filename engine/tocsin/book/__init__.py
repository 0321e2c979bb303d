"""Reading the files people write, with positions; their models; the numbered rule book."""
