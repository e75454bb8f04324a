"""Google's machine types, and what GKE keeps of each for itself."""
