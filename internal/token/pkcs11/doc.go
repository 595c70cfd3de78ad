// Package pkcs11 works the tokens of one workstation through a PKCS #11 library:
// lists them, logs in, makes keys, writes certificates, signs. It needs cgo, and
// nothing of the server may import it.
//
// What it keeps to:
//   - A token is named by its serial number. Slots are looked up anew at each call,
//     and after any device error.
//   - A login belongs to the process and the token, not to a session. So calls are
//     made one at a time; a login that somebody else left open is closed before a
//     PIN-code is tried (otherwise any PIN-code would be taken for right); and the
//     open session is kept, never the PIN-code.
//   - A PIN-code is tried once. Nothing is tried twice by itself.
//   - Private key, public key and certificate share one CKA_ID. A certificate is
//     named by the SHA-256 of its bytes and used only with the key that it names.
//   - What a failed call may have left on the token is removed, or, if the token is
//     gone, found by Orphans afterwards.
//
// A library may hang, or crash the process; whoever minds loads it in a process of
// its own (package agent does).
package pkcs11
