package evidence

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"path"
	"time"
)

// Writer streams a pack: each file once, none kept in memory.
type Writer struct {
	zip  *zip.Writer
	at   time.Time
	last *part
	made []File
	have map[string]bool
}

// NewWriter begins a pack whose files bear the time at.
func NewWriter(w io.Writer, at time.Time) *Writer {
	return &Writer{zip: zip.NewWriter(w), at: at.UTC().Truncate(2 * time.Second), have: map[string]bool{}}
}

// part is a file in the making.
type part struct {
	name string
	to   io.Writer
	sum  hash.Hash
	size int64
}

func (p *part) Write(b []byte) (int, error) {
	n, err := p.to.Write(b)
	p.sum.Write(b[:n])
	p.size += int64(n)
	return n, err
}

// Create begins a file; the one before is complete.
func (w *Writer) Create(name string) (io.Writer, error) {
	if !validName(name) || w.have[name] {
		return nil, fmt.Errorf("evidence pack: %q cannot be the name of a file, or is one already", name)
	}
	w.end()
	w.have[name] = true
	method := zip.Deflate
	switch path.Ext(name) {
	case ".pdf", ".jpg", ".png": // compressed as they are
		method = zip.Store
	}
	to, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: w.at})
	if err != nil {
		return nil, fmt.Errorf("evidence pack: beginning %s: %w", name, err)
	}
	w.last = &part{name: name, to: to, sum: sha256.New()}
	return w.last, nil
}

func (w *Writer) end() {
	if w.last != nil {
		w.made = append(w.made, File{Name: w.last.name, Size: w.last.size, SHA256: hex.EncodeToString(w.last.sum.Sum(nil))})
		w.last = nil
	}
}

// Add writes a whole file.
func (w *Writer) Add(name string, content []byte) error {
	to, err := w.Create(name)
	if err == nil {
		_, err = to.Write(content)
	}
	return err
}

// AddPack writes PackFile and returns its SHA-256, for the paper's Mark.
func (w *Writer) AddPack(p *Pack) (string, error) {
	b, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		return "", fmt.Errorf("evidence pack: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), w.Add(PackFile, b)
}

// Close writes the manifest and what certify says of its SHA-256, and ends the
// ZIP.
func (w *Writer) Close(number string, madeAt time.Time, certify func([sha256.Size]byte) (string, error)) error {
	w.end()
	b, err := json.MarshalIndent(Manifest{Format: Format, Number: number, MadeAt: madeAt, Files: w.made}, "", "\t")
	if err != nil {
		return fmt.Errorf("evidence pack: %w", err)
	}
	note, err := certify(sha256.Sum256(b))
	if err != nil {
		return fmt.Errorf("evidence pack: %w", err)
	}
	if err := w.Add(ManifestFile, b); err != nil {
		return err
	}
	if err := w.Add(SignatureFile, []byte(note)); err != nil {
		return err
	}
	return w.zip.Close()
}
