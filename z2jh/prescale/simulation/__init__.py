"""A model of the cluster in which policies are tried before they are paid for."""
