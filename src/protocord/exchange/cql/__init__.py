"""Eligibility rules as CQL (HL7 Clinical Quality Language) over FHIR R4, for engines that are not ours."""
