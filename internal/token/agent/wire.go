package agent

import (
	"encoding/json"

	"github.com/tamga-ca/tamga/internal/token/pkcs11"
)

// Codes of the agent's own, beside those of package pkcs11; docs/agent.md says
// what they mean.
const (
	HostNotAllowed   pkcs11.Code = "HOST_NOT_ALLOWED"
	OriginNotAllowed pkcs11.Code = "ORIGIN_NOT_ALLOWED"
	MethodNotAllowed pkcs11.Code = "METHOD_NOT_ALLOWED"
	ContentType      pkcs11.Code = "CONTENT_TYPE"
	TooLarge         pkcs11.Code = "TOO_LARGE"
	UnknownCall      pkcs11.Code = "UNKNOWN_CALL"
	TooManyRequests  pkcs11.Code = "TOO_MANY_REQUESTS"
	TooManySessions  pkcs11.Code = "TOO_MANY_SESSIONS"
	EnvelopeRefused  pkcs11.Code = "ENVELOPE_REFUSED"
	Busy             pkcs11.Code = "BUSY"
	LibraryHung      pkcs11.Code = "LIBRARY_HUNG"
	LibraryCrashed   pkcs11.Code = "LIBRARY_CRASHED"
)

// verb is what a worker is asked to do.
type verb string

const (
	doDevices           verb = "devices"
	doCertificates      verb = "certificates"
	doLogin             verb = "login"
	doLogout            verb = "logout"
	doChangePIN         verb = "changePin"
	doGenerateKey       verb = "generateKey"
	doRequest           verb = "csr"
	doImport            verb = "importCertificate"
	doOrphans           verb = "orphans"
	doDeleteKey         verb = "deleteKey"
	doDeleteCertificate verb = "deleteCertificate"
	doSign              verb = "sign"
)

// order is one line to a worker; a verb uses the members that it needs.
type order struct {
	ID          uint64           `json:"id"`
	Verb        verb             `json:"verb"`
	Serial      string           `json:"serial,omitempty"`
	PIN         string           `json:"pin,omitempty"`
	NewPIN      string           `json:"newPin,omitempty"`
	Algorithm   pkcs11.Algorithm `json:"algorithm,omitempty"`
	Label       string           `json:"label,omitempty"`
	KeyID       string           `json:"keyId,omitempty"`
	Certificate string           `json:"certificate,omitempty"`
	Bytes       []byte           `json:"bytes,omitempty"` // a Name, a certificate, or what is signed
}

// report is one line back. The first one, with ID 0, describes the library or
// says why it did not load.
type report struct {
	ID     uint64          `json:"id"`
	Worker string          `json:"worker"` // workerMark: tells a report from what a library prints
	Error  *pkcs11.Error   `json:"error,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}

const workerMark = "tamga-token/1"

// maxLine of the two, in bytes: a token full of certificates.
const maxLine = 4 << 20
