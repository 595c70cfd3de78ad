// Package ca drives the smallstep CA that signs certificates: it makes a new
// CA, runs step-ca inside this process or talks to one elsewhere, and owns the
// certificate profile: the subject's encoding, the extensions, the lint before
// and the comparison after signing.
//
// The order of every issuance is: CheckCSR, EncodeSubject, Issuer.NewIntent and
// Issuer.Lint; the caller commits the intent; Client.Sign, as often as needed
// with the same intent; the caller commits the certificate. Sign returns
// nothing that differs from the intent.
//
// It must not: hold state between calls that a restart would lose, know who
// may have a certificate or what the fee is, read or write our database, log
// tokens, requests or subjects.
package ca
