// Package token owns what a holder signs and how the server judges it: the
// typed envelopes, the challenge, and the verification of a CMS SignedData
// (RFC 5652) made by a token, a workstation agent or an E-Cloud key.
//
// It decides on bytes, certificates and instants that it is given. It must not
// read a clock, a database, a file or a request, and it knows no session, user
// or page. The PKCS#11 half that runs on a workstation will live here too, in
// files with a build tag of their own, and shares the envelopes and nothing
// else.
//
// # Order of verification
//
// The caller first takes the challenge (below). Then Verify checks, and stops
// at the first that fails: size, shape and nesting; content equal to the
// expected bytes; exactly one signer, with its certificate; signed attributes
// contentType and messageDigest; digest algorithm; signature; chain to our CA;
// validity at the given instant; revocation, failing closed; key usage
// digitalSignature, extended key usage clientAuth, policy; names. Every refusal
// is a registry.Error with a sentence of its own.
//
// # Encoding of the envelopes
//
// An envelope is one JSON object (RFC 8259) in UTF-8 without white space,
// members in this order:
//
//	token-login/1:    typ, origin, challenge
//	decision/1,
//	renewal-order/1,
//	handover/1,
//	revocation/1:     typ, origin, challenge, subject, version, sha256, action, time, text
//
// Strings are written as ECMAScript's JSON.stringify writes them: only the
// quotation mark, the reverse solidus and U+0000…U+001F are escaped (\b \t \n
// \f \r where they exist, otherwise \u00xx in lower case). version is a
// decimal integer. sha256 is 64 lower-case hexadecimal digits. time is RFC
// 3339 in UTC with six decimals and "Z". challenge is 32 random bytes in
// base64url without padding. origin is scheme, host and port as a browser
// sends it in the Origin header. text is what the person read, in the person's
// language. The server keeps the bytes that it made and compares them byte by
// byte; it never parses what came back.
//
// # The challenge's row
//
// A Challenge is stored with: hash (32 bytes, primary key), session_hash (32
// bytes: SessionHash of the browser session's token), typ, expected (the
// envelope's bytes), created_at, expires_at. It is taken, once, with
//
//	DELETE FROM challenges WHERE hash = ? AND session_hash = ? RETURNING …
//
// in a transaction that is committed before anything is verified, so that a
// failed try costs a challenge. No row, or a row that Challenge.Check refuses,
// is ErrChallenge: the page never tells which.
package token
