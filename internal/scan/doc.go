// Package scan owns uploaded files: what may come in (Inspect) and how it is
// kept (Vault).
//
// Inspect judges a file by its content, never by its name: PDF without active
// content, JPEG or PNG, within limits of size, pages and pixels. Refusals are
// registry.Error; nothing is repaired, a file is taken as it is or not at all.
//
// The Vault encrypts each file with a key of its own, wrapped by a key of the
// secrets directory and bound to its document, and verifies a stored file to
// its last byte before it hands out the first. Where the bytes lie is behind
// Storage.
//
// The package knows no database and does not log; it never shows a file's
// content or name in an error.
package scan
