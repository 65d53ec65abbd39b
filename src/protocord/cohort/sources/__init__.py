"""Where persons come from: a warehouse in the OMOP Common Data Model, a folder of FHIR records, or a fact store made from either."""
