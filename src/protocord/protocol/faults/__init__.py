"""What can be wrong inside a document whose parts all have the right type; every fault is a problem at load."""
