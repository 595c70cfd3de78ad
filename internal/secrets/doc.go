// Package secrets keeps the installation's own keys in a directory
// (TAMGA_SECRETS_DIR): one file a key, mode 0600, in a directory of mode 0700.
//
// Every key has an id, "<name>.<number>", which the rows that need it store.
// The key with the highest number is the current one; rotation adds a number
// and leaves the older ones readable. A directory or file that others may read
// or write is refused, not repaired: what was readable once may have been read.
//
// The CA's password and provisioner lie in the same directory under names of
// their own, because step-ca reads them as files; package ca makes them. Their
// permissions are checked here with all others.
//
// The package imports nothing of ours and hands keys out by value: cmd and
// tests open the directory, every other package receives its key as an
// argument. It never logs, and a Key never prints its bytes.
package secrets
