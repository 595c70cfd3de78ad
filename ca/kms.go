package ca

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"

	"go.step.sm/crypto/kms"
	"go.step.sm/crypto/kms/apiv1"
	_ "go.step.sm/crypto/kms/pkcs11"  // "pkcs11:" where the program is built with cgo
	_ "go.step.sm/crypto/kms/softkms" // "softkms:"
	"go.step.sm/crypto/kms/uri"
	"go.step.sm/crypto/pemutil"
)

// OpenKey opens the key that a URI of smallstep's key management names:
//
//	pkcs11:module-path=/usr/lib/softhsm/libsofthsm2.so;token=ca;object=issuing?pin-source=/run/secrets/pin
//	softkms:path=/var/lib/tamga/issuing.key?pin-source=/run/secrets/password
//
// pin-source names a file with the PIN-code of the token, or the password of
// the PEM file. Errors do not show the URI, which may hold a PIN-code. The key
// stays open as long as the process lives.
func OpenKey(ctx context.Context, address string) (crypto.Signer, error) {
	u, err := uri.Parse(address)
	if err != nil {
		return nil, errors.New("opening a key: not a URI like pkcs11:token=…;object=…?pin-source=…")
	}
	manager, err := kms.New(ctx, apiv1.Options{URI: address})
	if err != nil {
		return nil, fmt.Errorf("opening the key manager %s: %w", u.Scheme, err)
	}
	request := &apiv1.CreateSignerRequest{SigningKey: address}
	if pin := u.Pin(); pin != "" {
		request.Password = []byte(pin)
	}
	key, err := manager.CreateSigner(request)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening a key through %s: %w", u.Scheme, err), manager.Close())
	}
	return key, nil
}

// IssuingSigner opens the embedded CA's own key.
func (l Layout) IssuingSigner() (crypto.Signer, error) {
	password, err := readPassword(l.Password())
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(l.IssuingKey())
	if err != nil {
		return nil, fmt.Errorf("reading the issuing CA's key: %w", err)
	}
	key, err := pemutil.ParseKey(b, pemutil.WithPassword(password))
	if err != nil {
		return nil, fmt.Errorf("reading the issuing CA's key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("reading the issuing CA's key: it cannot sign")
	}
	return signer, nil
}
