// Package journal is the tamper-evident log: what an entry is and which bytes
// of it are hashed, the Merkle tree over the entries, the signed checkpoints,
// the export format and the offline verifier. It knows no database, reads no
// clock and imports nothing of ours: package store keeps the rows and lends
// them through Ledger and Source.
//
// # What is hashed (format 1)
//
// The canonical form of an entry is one JSON object on one line, in UTF-8,
// without white space between tokens, with exactly these members in this order:
//
//	{"v":1,"id":41,"at":"2026-11-22T03:42:17.000123Z","kind":"application.approved",
//	 "actor":{"kind":"operator","id":"7"},
//	 "subjects":[{"kind":"application","id":"12"}],
//	 "details":{"from":"verified","to":"approved"},
//	 "commitments":{"name":"<base64 of 32 bytes>"}}
//
// (broken here for reading). "at" is UTC with six decimals. Strings are escaped
// as RFC 8785 §3.2.2.2 says: only the quotation mark, the backslash and the
// control characters below U+0020. "details" is a compact JSON object, hashed
// exactly as it was written. "commitments" are sorted by name.
//
// The leaf hash is SHA-256(0x00 ‖ canonical form) and the tree is that of
// RFC 6962 §2.1, so any other implementation can check it.
//
// # Personal data
//
// No personal data stand in kind, actor, subjects or details: subjects name
// rows. Where the value itself must be provable, the entry carries a commitment
// HMAC-SHA-256(salt, value) with a salt of 32 random bytes. Salt and value are a
// Reveal, kept apart: deleting it makes the value unknowable and leaves the log
// whole.
//
// # Checkpoints
//
// A checkpoint is a signed note (golang.org/x/mod/sumdb/note, Ed25519) whose
// text has the form of C2SP tlog-checkpoint: origin, number of leaves, root in
// base64, and the extension line "at <time>". The origin is the name of the
// key. A checkpoint is made only if its tree extends the last one's.
//
// # Tables
//
// journal_entries and journal_subjects hold what is hashed and nothing more;
// journal_reveals the salts and values; journal_leaves the place of an entry in
// the tree (idx UNIQUE, entry_id UNIQUE), written by one sequencer; journal_hashes
// the complete subtrees by level and number; journal_checkpoints the notes. All
// but journal_reveals are append-only in the database itself.
package journal
