"""The ledger: typed entries in hash chains, one chain for each subject and one for the study. No storage here.

All that happens in a study is an append-only sequence of entries. Each entry carries the SHA-256 of the one before it in
its chain, and a salted digest of its body instead of the body, so that a lawful redaction can empty a body and leave the
chain valid. A seal in the study's chain binds the heads of all chains under one Merkle root, which fits on a sheet of paper.
"""

from protocord.ledger.bodies import Body, Json, Kinds, from_data, to_data
from protocord.ledger.chain import append, digest_of, hash_of, redact
from protocord.ledger.diagnosis import Fault, FaultKind
from protocord.ledger.entries import GENESIS, SOURCES, By, Draft, Entry, ProtocolStamp, Redaction, Seal
from protocord.ledger.lines import FORMAT, read_lines, write_lines
from protocord.ledger.seals import Head, heads_of, merkle_root, seal
from protocord.ledger.verification import Verification, verify

__all__ = [
    "FORMAT",
    "GENESIS",
    "SOURCES",
    "Body",
    "By",
    "Draft",
    "Entry",
    "Fault",
    "FaultKind",
    "Head",
    "Json",
    "Kinds",
    "ProtocolStamp",
    "Redaction",
    "Seal",
    "Verification",
    "append",
    "digest_of",
    "from_data",
    "hash_of",
    "heads_of",
    "merkle_root",
    "read_lines",
    "redact",
    "seal",
    "to_data",
    "verify",
    "write_lines",
]
