"""Many nodes examined at once: those of an allocation, or of the cluster."""
