package agent

import "github.com/tamga-ca/tamga/internal/token/pkcs11"

// The methods of package pkcs11's Module, in the worker's process and within its
// limits, for a program that is no page: a terminal.

// Devices lists the tokens that are plugged in.
func (l *Library) Devices() (out []pkcs11.Device, err error) {
	return out, l.do(order{Verb: doDevices}, &out)
}

// Certificates lists those on a token.
func (l *Library) Certificates(serial string) (out []pkcs11.Certificate, err error) {
	return out, l.do(order{Verb: doCertificates, Serial: serial}, &out)
}

// Login tries a PIN-code, once.
func (l *Library) Login(serial, pin string) (factory bool, err error) {
	return factory, l.do(order{Verb: doLogin, Serial: serial, PIN: pin}, &factory)
}

// Logout ends a login.
func (l *Library) Logout(serial string) error {
	return l.do(order{Verb: doLogout, Serial: serial}, nil)
}

// ChangePIN gives the user another PIN-code.
func (l *Library) ChangePIN(serial, pin, newPIN string) error {
	return l.do(order{Verb: doChangePIN, Serial: serial, PIN: pin, NewPIN: newPIN}, nil)
}

// GenerateKey makes a key pair.
func (l *Library) GenerateKey(serial string, algorithm pkcs11.Algorithm, label string) (key pkcs11.Key, err error) {
	return key, l.do(order{Verb: doGenerateKey, Serial: serial, Algorithm: algorithm, Label: label}, &key)
}

// Request makes a certificate request (DER) with an empty subject.
func (l *Library) Request(serial, keyID string) (csr []byte, err error) {
	return csr, l.do(order{Verb: doRequest, Serial: serial, KeyID: keyID}, &csr)
}

// ImportCertificate writes a certificate (DER).
func (l *Library) ImportCertificate(serial string, der []byte, label string) (c pkcs11.Certificate, err error) {
	return c, l.do(order{Verb: doImport, Serial: serial, Bytes: der, Label: label}, &c)
}

// Orphans lists keys without certificates, and certificates without keys.
func (l *Library) Orphans(serial string) (out pkcs11.Orphans, err error) {
	return out, l.do(order{Verb: doOrphans, Serial: serial}, &out)
}

// DeleteKey removes a pair that has no certificate.
func (l *Library) DeleteKey(serial, keyID string) error {
	var removed int
	return l.do(order{Verb: doDeleteKey, Serial: serial, KeyID: keyID}, &removed)
}

// DeleteCertificate removes a certificate by its ID.
func (l *Library) DeleteCertificate(serial, id string) error {
	return l.do(order{Verb: doDeleteCertificate, Serial: serial, Certificate: id}, nil)
}

// Sign signs an envelope of package token, and nothing else, with the key of a
// certificate.
func (l *Library) Sign(serial, certificate string, envelope []byte) (cms []byte, err error) {
	return cms, l.do(order{Verb: doSign, Serial: serial, Certificate: certificate, Bytes: envelope}, &cms)
}
