package ca

import (
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.step.sm/crypto/pemutil"
)

// Layout says where the files of a CA are. Dir holds what may be copied freely
// plus the issuing CA's key, encrypted; Secrets (0700, files 0600) what opens
// it, and what may ask it to sign. A backup never holds both.
type Layout struct {
	Dir     string
	Secrets string
}

// RootCertificate is the root's certificate, PEM.
func (l Layout) RootCertificate() string { return filepath.Join(l.Dir, "root.crt") }

// IssuingCertificate is the issuing CA's certificate, PEM.
func (l Layout) IssuingCertificate() string { return filepath.Join(l.Dir, "issuing.crt") }

// IssuingKey is the issuing CA's key, PKCS#8 PEM, encrypted with Password.
func (l Layout) IssuingKey() string { return filepath.Join(l.Dir, "issuing.key") }

// Config is step-ca's configuration, as the stock binary reads it.
func (l Layout) Config() string { return filepath.Join(l.Dir, "ca.json") }

// Database is the embedded step-ca's own database (bbolt).
func (l Layout) Database() string { return filepath.Join(l.Dir, "step-ca.db") }

// Password opens IssuingKey; one line.
func (l Layout) Password() string { return filepath.Join(l.Secrets, "ca-password") }

// Provisioner is the private JWK that signs our tokens for step-ca.
func (l Layout) Provisioner() string { return filepath.Join(l.Secrets, "provisioner.jwk") }

// RootCRL is the root's list, DER, made off-line; it need not be there.
func (l Layout) RootCRL() string { return filepath.Join(l.Dir, "root.crl") }

// Offline is the directory to be moved off the machine after Init: the root's
// key and its password.
func (l Layout) Offline() string { return filepath.Join(l.Secrets, "root-offline") }

// RootKey is the root's key, PKCS#8 PEM, encrypted with RootPassword.
func (l Layout) RootKey() string { return filepath.Join(l.Offline(), "root.key") }

// RootPassword opens RootKey; one line.
func (l Layout) RootPassword() string { return filepath.Join(l.Offline(), "root-password") }

func (l Layout) lock() string { return filepath.Join(l.Dir, "lock") }

// RootKeyPresent looks below Dir and Secrets for the root's private key: under
// its own name, under any name with "root" in it while encrypted, or in the
// clear anywhere. It returns the files found. Outside the demo `serve` refuses
// to start while there is one.
func (l Layout) RootKeyPresent() ([]string, error) {
	root, err := os.ReadFile(l.RootCertificate())
	if err != nil {
		return nil, err
	}
	certificate, err := oneCertificate(root)
	if err != nil {
		return nil, err
	}
	var found []string
	seen := map[string]bool{}
	for _, dir := range []string{l.Dir, l.Secrets} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || seen[path] {
				return err
			}
			seen[path] = true
			if info, err := d.Info(); err != nil || info.Size() > 64<<10 {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if isKeyOf(certificate, filepath.Base(path), content) {
				found = append(found, path)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func isKeyOf(c *x509.Certificate, name string, content []byte) bool {
	for {
		var block *pem.Block
		if block, content = pem.Decode(content); block == nil {
			return false
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if strings.HasPrefix(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
			if strings.Contains(strings.ToLower(name), "root") {
				return true
			}
			continue
		}
		key, err := pemutil.Parse(pem.EncodeToMemory(block))
		if err != nil {
			continue
		}
		public, err := publicOf(key)
		if err == nil && public.Equal(c.PublicKey) {
			return true
		}
	}
}
