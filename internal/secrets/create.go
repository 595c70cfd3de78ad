package secrets

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// symmetricSize of Documents, ECloud and Sessions keys in bytes.
const symmetricSize = 32

// Options of Init and Rotate.
type Options struct {
	// JournalName is the name in the journal's signer key, e.g.
	// "tamga.dostek.kg": no spaces, no plus sign. Needed when a Journal key
	// is made.
	JournalName string
}

// Init creates the directory (0700) and every named key that has none yet, and
// opens it. Existing keys are never touched, so Init may be repeated.
func Init(path string, o Options) (*Dir, error) {
	if path == "" {
		return nil, errors.New("TAMGA_SECRETS_DIR is not set: it must name the directory of the keys")
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("creating the secrets directory: %w", err)
	}
	d, err := Open(path)
	if err != nil {
		return nil, err
	}
	for _, name := range Names {
		ns, err := d.numbers(name)
		if err != nil {
			return nil, err
		}
		if len(ns) > 0 {
			continue
		}
		if _, err := d.create(name, 1, o); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Rotate adds a new current key of a name and returns it. The older ones stay
// readable by their ids.
func (d *Dir) Rotate(name Name, o Options) (Key, error) {
	ns, err := d.numbers(name)
	if err != nil {
		return Key{}, err
	}
	next := 1
	if len(ns) > 0 {
		next = ns[len(ns)-1] + 1
	}
	return d.create(name, next, o)
}

func (d *Dir) create(name Name, n int, o Options) (Key, error) {
	id := keyID(name, n)
	if _, _, err := parseID(id); err != nil {
		return Key{}, err
	}
	b, err := generate(name, o)
	if err != nil {
		return Key{}, fmt.Errorf("making key %s: %w", id, err)
	}
	if err := checkContent(name, b); err != nil {
		return Key{}, fmt.Errorf("making key %s: %w", id, err)
	}
	if err := d.write(id, b); err != nil {
		return Key{}, err
	}
	return d.Load(id)
}

func generate(name Name, o Options) ([]byte, error) {
	if name == Journal {
		if o.JournalName == "" || strings.ContainsAny(o.JournalName, "+ \t\n") {
			return nil, fmt.Errorf("the journal needs a name without spaces and plus signs, not %q", o.JournalName)
		}
		signer, _, err := note.GenerateKey(rand.Reader, o.JournalName)
		return []byte(signer), err
	}
	if name == OCSP {
		return newSigner()
	}
	b := make([]byte, symmetricSize)
	rand.Read(b)
	return b, nil
}

func newSigner() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func parseSigner(b []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("it is not a private key in PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("it is not a private key in PKCS#8")
	}
	signer, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("it is not an elliptic-curve key")
	}
	return signer, nil
}

// checkContent catches a file that was cut short or edited, before it decides
// over anybody's data.
func checkContent(name Name, b []byte) error {
	switch name {
	case Documents, ECloud, Sessions:
		if len(b) != symmetricSize {
			return fmt.Errorf("it must be exactly %d bytes and has %d", symmetricSize, len(b))
		}
	case Journal:
		if _, err := note.NewSigner(string(b)); err != nil {
			return errors.New("it is not a signer key of the journal")
		}
	case OCSP:
		_, err := parseSigner(b)
		return err
	}
	return nil
}

// write makes the file appear whole or not at all, and never over another.
func (d *Dir) write(id string, b []byte) error {
	f, err := os.CreateTemp(d.path, ".new-*")
	if err != nil {
		return fmt.Errorf("writing key %s: %w", id, err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := f.Chmod(0o600); err != nil {
		return fmt.Errorf("writing key %s: %w", id, err)
	}
	if _, err := f.Write(b); err != nil {
		return fmt.Errorf("writing key %s: %w", id, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("writing key %s: %w", id, err)
	}
	if err := os.Link(f.Name(), filepath.Join(d.path, id+suffix)); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("key %s exists already and is never overwritten", id)
		}
		return fmt.Errorf("writing key %s: %w", id, err)
	}
	dir, err := os.Open(d.path)
	if err != nil {
		return fmt.Errorf("writing key %s: %w", id, err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("writing key %s: %w", id, err)
	}
	return nil
}
