"""What a student waits for, and what a server can do: measured beside the peer and without us."""
