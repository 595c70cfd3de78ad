package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/token"
)

// Options are what an auditor brings along, kept outside the server.
type Options struct {
	// Keys are verifier keys of the journal. Without any, those in the pack are
	// taken, and the result is worth accordingly.
	Keys []string
	// Kept are checkpoints (signed notes) received earlier, in any order.
	Kept []string
}

// Verify checks a pack of size bytes. The error is about reading: what is no
// pack at all (ErrPack), or options that cannot be read. What is wrong with the
// pack is in the result.
func Verify(r io.ReaderAt, size int64, opts Options) (*Result, error) {
	a, err := openArchive(r, size)
	if err != nil {
		return nil, err
	}
	v := &verifier{archive: a, result: &Result{}, named: map[string]bool{}}
	if !v.readPack() {
		return v.result, nil
	}
	if err := v.readKeys(opts); err != nil {
		return v.result, err
	}
	v.manifest()
	v.paper()
	v.tree()
	v.chain()
	v.lists()
	for i := range v.pack.Certificates {
		v.certificate(&v.pack.Certificates[i])
	}
	v.unused()
	return v.result, nil
}

type verifier struct {
	*archive
	result *Result
	pack   Pack
	packed string // SHA-256 of pack.json
	keys   journal.Verifiers
	kept   []journal.Checkpoint

	checkpoint journal.Checkpoint // Size 0: none that holds
	issuer     *x509.Certificate
	judge      *token.Verifier    // nil: no chain to judge by
	crls       map[int64]*crl     // by number
	signers    map[string]*Signer // by serial
	named      map[string]bool    // files that something in the pack names
	serialsOf  serialList         // the last that was looked at
}

func (v *verifier) find(file, format string, args ...any) { v.result.find(file, format, args...) }

// file reads a file that the pack names; a failure is a finding.
func (v *verifier) file(name string, most int64) ([]byte, bool) {
	v.named[name] = true
	b, err := v.read(name, most)
	if err != nil {
		v.find(name, "it cannot be read: %v", err)
		return nil, false
	}
	return b, true
}

func (v *verifier) readPack() bool {
	b, ok := v.file(PackFile, maxPart)
	if !ok {
		return false
	}
	if err := strict(b, &v.pack); err != nil {
		v.find(PackFile, "it cannot be read: %v", err)
		return false
	}
	if v.pack.Format != Format {
		v.find(PackFile, "the format is %.40q; this program knows %s", v.pack.Format, Format)
		return false
	}
	if n := len(v.pack.Certificates); n > MaxCertificates {
		v.find(PackFile, "it tells of %d certificates; a pack has %d at most", n, MaxCertificates)
		return false
	}
	sum := sha256.Sum256(b)
	v.packed = hex.EncodeToString(sum[:])
	r, p := v.result, &v.pack
	r.Number, r.MadeAt, r.MadeBy, r.Purpose = p.Number, p.MadeAt, p.MadeBy.Name, p.Purpose
	v.signers = map[string]*Signer{}
	for i := range p.Signers {
		v.signers[string(p.Signers[i].Serial)] = &p.Signers[i]
	}
	return true
}

// readKeys takes the auditor's keys and kept checkpoints, or the pack's own
// keys.
func (v *verifier) readKeys(opts Options) error {
	texts := opts.Keys
	if len(texts) == 0 {
		if len(opts.Kept) > 0 {
			return fmt.Errorf("a kept checkpoint proves something only with the verifier key that was kept with it")
		}
		texts = v.pack.Journal.Keys
		if len(texts) > 100 {
			v.find(PackFile, "it names %d keys of the journal", len(texts))
			texts = nil
		}
	}
	for _, text := range texts {
		key, err := journal.NewVerifier(text)
		if err != nil && len(opts.Keys) > 0 {
			return err
		}
		if err != nil {
			v.find(PackFile, "a key of the journal cannot be read")
			continue
		}
		v.keys = append(v.keys, key)
	}
	v.result.OwnKey = len(opts.Keys) > 0
	for _, text := range opts.Kept {
		c, err := v.keys.OpenMailed(text)
		if err != nil {
			return fmt.Errorf("the kept checkpoint: %w", err)
		}
		v.kept = append(v.kept, c)
	}
	slices.SortFunc(v.kept, func(a, b journal.Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	return nil
}

// manifest compares every file with the manifest, and the manifest with its
// signature.
func (v *verifier) manifest() {
	note, ok := v.file(SignatureFile, 8<<10)
	b, ok2 := v.file(ManifestFile, maxPart)
	if !ok || !ok2 {
		return
	}
	st, err := v.keys.OpenStatement(string(note))
	switch {
	case err != nil:
		v.find(SignatureFile, "the manifest is not signed by the journal's key: %v", err)
	case st.What != Format || st.Hash != sha256.Sum256(b):
		v.find(ManifestFile, "it is not the one that was signed")
	}
	var m Manifest
	if err := strict(b, &m); err != nil {
		v.find(ManifestFile, "it cannot be read: %v", err)
		return
	}
	if m.Format != Format || m.Number != v.pack.Number || !m.MadeAt.Equal(v.pack.MadeAt) || err == nil && !st.At.Equal(m.MadeAt) {
		v.find(ManifestFile, "it belongs to another pack than %s", PackFile)
	}
	known := map[string]bool{ManifestFile: true, SignatureFile: true}
	for _, f := range m.Files {
		if known[f.Name] {
			v.find(ManifestFile, "it names %.200q twice", f.Name)
			continue
		}
		known[f.Name] = true
		if v.files[f.Name] == nil {
			v.find(f.Name, "it is missing")
			continue
		}
		size, sum, err := v.hash(f.Name)
		switch {
		case err != nil:
			v.find(f.Name, "it is damaged: %v", err)
		case size != f.Size || sum != f.SHA256:
			v.find(f.Name, "it is not the file that the manifest tells of")
		default:
			v.result.Files++
		}
	}
	for _, name := range v.order {
		if !known[name] {
			v.find(name, "the manifest does not know it")
		}
	}
}

// paper checks that pack.pdf was made of this pack.json.
func (v *verifier) paper() {
	v.named[ReadmeFile] = true
	b, ok := v.file(PaperFile, maxPart)
	if ok && !bytes.Contains(b, []byte("("+Mark(v.pack.Number, v.packed)+")")) {
		v.find(PaperFile, "it was not made of this %s", PackFile)
	}
}

// unused finds files that nothing in pack.json leads to.
func (v *verifier) unused() {
	for _, name := range v.order {
		if !v.named[name] {
			v.find(name, "nothing in %s leads to it", PackFile)
		}
	}
}

// chain reads the CA's certificates, by which everything else is judged.
func (v *verifier) chain() {
	root, ok := v.der(RootFile)
	issuer, ok2 := v.der(IssuerFile)
	if !ok || !ok2 {
		return
	}
	sum := sha256.Sum256(root.Raw)
	v.result.Root = hex.EncodeToString(sum[:])
	if err := root.CheckSignatureFrom(root); err != nil {
		v.find(RootFile, "it is no root certificate: %v", err)
		return
	}
	holder, err := policy(v.pack.Policies.Holder)
	operator, err2 := policy(v.pack.Policies.Operator)
	if err != nil || err2 != nil {
		v.find(PackFile, "the policies are no object identifiers")
		return
	}
	if v.judge, err = token.NewVerifier([]*x509.Certificate{root}, []*x509.Certificate{issuer}, holder, operator); err != nil {
		v.find(IssuerFile, "it does not lead to the root: %v", err)
		return
	}
	v.issuer = issuer
}

// policy reads an OID; an authority may have none of a kind.
func policy(text string) (x509.OID, error) {
	if text == "" {
		return x509.OID{}, nil
	}
	return x509.ParseOID(text)
}

func (v *verifier) der(name string) (*x509.Certificate, bool) {
	b, ok := v.file(name, 64<<10)
	if !ok {
		return nil, false
	}
	c, err := x509.ParseCertificate(b)
	if err != nil {
		v.find(name, "it is no certificate: %v", err)
		return nil, false
	}
	return c, true
}

// when writes an instant for a finding.
func when(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// same compares instants as certificates and answers keep them, in seconds.
func same(a, b time.Time) bool {
	return a.UTC().Truncate(time.Second).Equal(b.UTC().Truncate(time.Second))
}

func clip(s string) string { return strings.ToValidUTF8(fmt.Sprintf("%.80q", s), "?") }
