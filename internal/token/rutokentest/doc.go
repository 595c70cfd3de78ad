// Package rutokentest is a drawer full of tokens for tests: a PKCS #11 library
// (wrapper/rutoken.c, compiled when a test begins) that puts the manners of a
// Rutoken around SoftHSM2. Tries are counted and lock the PIN-code; the factory's
// PIN-code is flagged; model, release and memory are what a test says; elliptic
// curves are only where a release has them; a token that is plugged in again is
// in another slot, and its sessions are dead. A test pulls tokens out and injects
// faults at any call while the library is at work in another process, through a
// file that both map into memory.
//
// Keys, signatures and certificates are real. It must never be used outside
// tests: SoftHSM keeps keys in files.
package rutokentest
