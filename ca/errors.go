package ca

import (
	"errors"

	"github.com/tamga-ca/tamga/internal/registry"
)

var (
	// ErrUnavailable: no answer, or one that says nothing about the request
	// (time-out, broken connection, 5xx, our token not accepted). The outcome
	// is unknown; repeat with the same intent.
	ErrUnavailable error = registry.Refuse(registry.Unavailable, "error.ca.unavailable")

	// ErrRefused: the CA will never do this (400, 403), or the intent may not
	// be asked for. Repeating is useless; revoke the serial and make a fresh
	// intent.
	ErrRefused error = registry.Refuse(registry.Conflict, "error.ca.refused")

	// ErrMismatch: the CA signed something other than the intent. An alarm:
	// the serial is to be revoked and people are to look.
	ErrMismatch error = registry.Refuse(registry.Conflict, "error.ca.mismatch")

	// ErrCredentials comes with ErrUnavailable when the CA does not accept our
	// tokens (401): the provisioner's key, the audience or the clocks differ.
	// Nothing was signed. Waiting does not mend it; the operator must.
	ErrCredentials = errors.New("the CA does not accept our tokens: compare provisioner key, CA address and clocks")

	// ErrLocked: another process runs this CA.
	ErrLocked = errors.New("another process is running this CA")

	// ErrExists: Init found files of a CA.
	ErrExists = errors.New("a CA exists there already")
)
