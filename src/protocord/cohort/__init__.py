"""Screen a whole hospital: the same rules as columns, over a warehouse or a folder of records."""
