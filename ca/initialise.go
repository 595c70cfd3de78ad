package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.step.sm/crypto/jose"
	"go.step.sm/crypto/pemutil"
	"go.step.sm/crypto/x509util"
)

// KeyType of a CA's own keys.
type KeyType string

const (
	P256    KeyType = "P-256"
	RSA3072 KeyType = "RSA-3072"
)

// InitOptions say what CA to make.
type InitOptions struct {
	Layout
	// Organisation that runs the CA, as its certificates name it; at most 64
	// characters.
	Organisation string
	// Name of the CA; its certificates are "<Name> Root CA" and "<Name> Issuing
	// CA". At most 50 characters.
	Name    string
	KeyType KeyType // default P256
	Profile Profile
	// ValidFrom is when the CA's certificates begin; default now. Data that
	// must look old need a CA that is older.
	ValidFrom time.Time
}

// Validity of the CA's own certificates, in years.
const (
	rootYears    = 20
	issuingYears = 10
)

// Init makes root, issuing CA, provisioner and ca.json. It refuses with
// ErrExists rather than overwrite one file; what it made before an error is
// removed. The root's key goes to Layout.Offline, to be taken off the machine.
func Init(o InitOptions) (err error) {
	if o.KeyType == "" {
		o.KeyType = P256
	}
	if o.ValidFrom.IsZero() {
		o.ValidFrom = time.Now()
	}
	if err := o.Profile.Check(); err != nil {
		return err
	}
	if o.Dir == "" || o.Secrets == "" || o.Name == "" || o.Organisation == "" {
		return errors.New("making a CA: directories, name and organisation are required")
	}
	files := []string{o.RootCertificate(), o.IssuingCertificate(), o.IssuingKey(), o.Config(), o.Database(), o.Password(), o.Provisioner(), o.RootKey(), o.RootPassword()}
	for _, f := range files {
		if _, err := os.Lstat(f); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%w: %s", ErrExists, f)
		}
	}
	defer func() {
		if err != nil {
			for _, f := range files {
				_ = os.Remove(f)
			}
		}
	}()
	for _, dir := range []string{o.Dir, o.Secrets, o.Offline()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making a CA: %w", err)
		}
	}
	if err := os.Chmod(o.Secrets, 0o700); err != nil {
		return fmt.Errorf("making a CA: %w", err)
	}
	if err := o.makeCertificates(); err != nil {
		return fmt.Errorf("making a CA: %w", err)
	}
	if err := o.makeProvisioner(); err != nil {
		return fmt.Errorf("making a CA: %w", err)
	}
	return WriteConfig(o.Config(), ConfigOptions{
		RootCertificate:    o.RootCertificate(),
		IssuingCertificate: o.IssuingCertificate(),
		IssuingKey:         o.IssuingKey(),
		ProvisionerKey:     o.Provisioner(),
		Address:            "127.0.0.1:9443",
		DNSNames:           []string{"localhost", "127.0.0.1"},
		Database:           BoltDatabase(o.Database()),
		Profile:            o.Profile,
	})
}

func (o InitOptions) makeCertificates() error {
	from := o.ValidFrom.UTC().Truncate(time.Second)
	rootKey, err := newKey(o.KeyType)
	if err != nil {
		return err
	}
	rootTemplate := &x509.Certificate{
		Subject:   o.name("Root CA"),
		NotBefore: from, NotAfter: from.AddDate(rootYears, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: 1,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	root, err := x509util.CreateCertificate(rootTemplate, rootTemplate, rootKey.Public(), rootKey)
	if err != nil {
		return fmt.Errorf("root certificate: %w", err)
	}
	anyPolicy, err := x509.ParseOID("2.5.29.32.0") // RFC 5280 §4.2.1.4: else no policy is valid below it
	if err != nil {
		return err
	}
	issuingKey, err := newKey(o.KeyType)
	if err != nil {
		return err
	}
	issuing, err := x509util.CreateCertificate(&x509.Certificate{
		Subject:   o.name("Issuing CA"),
		NotBefore: from, NotAfter: from.AddDate(issuingYears, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		Policies: []x509.OID{anyPolicy},
	}, root, issuingKey.Public(), rootKey)
	if err != nil {
		return fmt.Errorf("issuing certificate: %w", err)
	}
	if err := writeKey(o.RootKey(), o.RootPassword(), rootKey); err != nil {
		return err
	}
	if err := writeKey(o.IssuingKey(), o.Password(), issuingKey); err != nil {
		return err
	}
	if err := writeFile(o.RootCertificate(), PEM(root), 0o644); err != nil {
		return err
	}
	return writeFile(o.IssuingCertificate(), PEM(issuing), 0o644)
}

func (o InitOptions) name(suffix string) pkix.Name {
	return pkix.Name{Country: []string{country}, Organization: []string{o.Organisation}, CommonName: o.Name + " " + suffix}
}

func (o InitOptions) makeProvisioner() error {
	jwk, err := jose.GenerateJWK("EC", "P-256", jose.ES256, "sig", "", 0)
	if err != nil {
		return fmt.Errorf("provisioner: %w", err)
	}
	if jwk.KeyID, err = jose.Thumbprint(jwk); err != nil {
		return fmt.Errorf("provisioner: %w", err)
	}
	b, err := json.MarshalIndent(jwk, "", "\t")
	if err != nil {
		return fmt.Errorf("provisioner: %w", err)
	}
	return writeFile(o.Provisioner(), append(b, '\n'), 0o600)
}

func newKey(t KeyType) (crypto.Signer, error) {
	switch t {
	case P256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	}
	return nil, fmt.Errorf("no key type %q for a CA: %s or %s", t, P256, RSA3072)
}

// writeKey makes a password of 160 bits, and encrypts the key with it.
func writeKey(file, passwordFile string, key crypto.Signer) error {
	password := []byte(rand.Text() + rand.Text())[:32]
	block, err := pemutil.Serialize(key, pemutil.WithPKCS8(true), pemutil.WithPassword(password))
	if err != nil {
		return fmt.Errorf("encrypting %s: %w", filepath.Base(file), err)
	}
	if err := writeFile(passwordFile, append(password, '\n'), 0o600); err != nil {
		return err
	}
	return writeFile(file, pem.EncodeToMemory(block), 0o600)
}

// writeFile creates a file that must not exist, and syncs it.
func writeFile(name string, b []byte, mode os.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// publicKey is what the public keys of the standard library can do.
type publicKey interface {
	Equal(crypto.PublicKey) bool
}

func publicOf(key any) (publicKey, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("not a private key")
	}
	public, ok := signer.Public().(publicKey)
	if !ok {
		return nil, errors.New("not a known kind of key")
	}
	return public, nil
}
