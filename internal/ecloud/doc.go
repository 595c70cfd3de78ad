// Package ecloud keeps private keys on the server for their holders, so that
// only the holder's PIN-code opens them, and owns the rules that guard that
// PIN-code: its policy, the activation codes, known browsers and throttling.
//
// It computes on values that it is given: the rows are stored by others, the
// clock is an argument, and it must not read a database, a file or a request.
// It never logs; PIN-codes, codes and keys leave it only to their caller.
//
// # Wrapping
//
//	stretched = Argon2id(PIN-code, salt, time, memory, threads), 32 bytes
//	mac       = HMAC-SHA-256(server key, label ‖ holder ‖ key id ‖ stretched)
//	KEK       = HKDF-SHA-256(mac, no salt, "tamga/ecloud/kek/1"), 32 bytes
//	sealed    = nonce(12) ‖ AES-256-GCM(KEK, nonce, PKCS #8, associated data)
//
// where each part of a concatenation stands after its length in four octets,
// most significant first, and the associated data are label, holder, key id,
// public key, algorithm and key version in the same manner. The server key is in
// a file (FileKeys): a thief of both the database and the file can guess, and
// the threat model says so. ServerKey leaves room for an HSM, to which every
// guess at a PIN-code would cost a call.
//
// # Order of a try
//
// The caller counts a try (Limits.Next with Try) and commits, then calls
// Vault.Open, or Vault.Decoy where there is no such holder, then reports
// Success in a second commit if it was one, or NotJudged if the vault was busy
// or failed. A crash in between leaves the try counted. Both ways take the same
// work and give the same refusal.
package ecloud
