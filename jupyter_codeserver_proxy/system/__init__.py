"""Files, threads and descriptors of the operating system."""
