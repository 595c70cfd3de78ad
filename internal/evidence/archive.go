package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrPack is wrapped by every error about a file that is no evidence pack: not
// a ZIP, cut off, too large, with names that no pack has. Nothing is proved
// then.
var ErrPack = errors.New("not a readable evidence pack")

// validName accepts relative names of lower-case letters, digits, ".", "-" and
// "_" (README.txt is the exception), whose every part begins with a letter or a
// digit: no "..", nothing absolute, nothing hidden.
func validName(name string) bool {
	if name == ReadmeFile {
		return true
	}
	if len(name) > 200 {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		for i := range len(part) {
			c := part[i]
			letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
			if !letter && (i == 0 || c != '.' && c != '-' && c != '_') {
				return false
			}
		}
		if part == "" {
			return false
		}
	}
	return true
}

// archive is an opened ZIP whose names and declared sizes are sane.
type archive struct {
	files map[string]*zip.File
	order []string
}

func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPack, err)
	}
	if len(z.File) > maxFiles {
		return nil, fmt.Errorf("%w: it has %d files", ErrPack, len(z.File))
	}
	a := &archive{files: make(map[string]*zip.File, len(z.File))}
	var total uint64
	for _, f := range z.File {
		switch {
		case !validName(f.Name):
			return nil, fmt.Errorf("%w: a file is named %.80q", ErrPack, f.Name)
		case a.files[f.Name] != nil:
			return nil, fmt.Errorf("%w: two files are named %s", ErrPack, f.Name)
		case f.Method != zip.Store && f.Method != zip.Deflate || f.Flags&1 != 0:
			return nil, fmt.Errorf("%w: %s is packed in a way that packs are not", ErrPack, f.Name)
		case f.UncompressedSize64 > maxTotal:
			return nil, fmt.Errorf("%w: %s is too large", ErrPack, f.Name)
		}
		total += f.UncompressedSize64
		if total > maxTotal {
			return nil, fmt.Errorf("%w: unpacked it is larger than %d bytes", ErrPack, maxTotal)
		}
		a.files[f.Name], a.order = f, append(a.order, f.Name)
	}
	return a, nil
}

// read unpacks a file of at most limit bytes into memory.
func (a *archive) read(name string, limit int64) ([]byte, error) {
	f := a.files[name]
	if f == nil {
		return nil, errors.New("it is not in the pack")
	}
	if f.UncompressedSize64 > uint64(limit) {
		return nil, errors.New("it is larger than such a file can be")
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	var b bytes.Buffer
	// One byte more than allowed, so that a wrong declaration shows.
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, err
	case n > limit:
		return nil, errors.New("it is larger than such a file can be")
	}
	return b.Bytes(), nil
}

// hash reads a file through and returns its size and SHA-256.
func (a *archive) hash(name string) (size int64, sum string, err error) {
	f := a.files[name]
	r, err := f.Open()
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = r.Close() }()
	h := sha256.New()
	size, err = io.Copy(h, io.LimitReader(r, int64(f.UncompressedSize64)+1))
	return size, hex.EncodeToString(h.Sum(nil)), err
}
