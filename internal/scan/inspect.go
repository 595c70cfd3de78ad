package scan

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/tamga-ca/tamga/internal/registry"
)

// MaxSize of an uploaded file in bytes.
const MaxSize = 20 << 20

const (
	mediaPDF  = "application/pdf"
	mediaJPEG = "image/jpeg"
	mediaPNG  = "image/png"

	maxPages  = 500
	maxSide   = 20_000      // pixels
	maxPixels = 100_000_000 // an A3 sheet at 600 dpi has 70 million

	patience = 20 * time.Second
)

// Inspected is a file that may be kept.
type Inspected struct {
	Content   []byte
	MediaType string // application/pdf, image/jpeg or image/png
	SHA256    string // of Content, lower-case hexadecimal
	Size      int64  // bytes
	Pages     int    // PDF; 1 for an image
	Width     int    // pixels, images only
	Height    int
}

// places bounds how many files are taken apart at once: a hostile one may cost
// much memory.
var places = make(chan struct{}, 2)

// Inspect reads a file and judges it by its content. limit is the greatest size
// in bytes, MaxSize if 0. Refusals are registry.Error: error.file.empty,
// error.file.too_large (size, max in bytes as int64), error.file.type,
// error.file.damaged, error.file.script, error.file.active,
// error.file.encrypted, error.file.dimensions, error.file.busy.
func Inspect(ctx context.Context, r io.Reader, limit int64) (*Inspected, error) {
	if limit <= 0 || limit > MaxSize {
		limit = MaxSize
	}
	content, err := read(r, limit)
	if err != nil {
		return nil, err
	}
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return nil, registry.Refuse(registry.Unavailable, "error.file.busy")
	}
	type result struct {
		f   *Inspected
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-places }()
		f, err := inspect(content)
		done <- result{f, err}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case res := <-done:
		return res.f, res.err
	case <-timer.C: // its place stays taken until the parser gives up
		return nil, damaged()
	case <-ctx.Done():
		return nil, registry.Refuse(registry.Unavailable, "error.file.busy")
	}
}

func read(r io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading an uploaded file: %w", err)
	}
	if int64(len(content)) > limit {
		rest, err := io.Copy(io.Discard, io.LimitReader(r, 1<<30))
		if err != nil {
			return nil, fmt.Errorf("reading an uploaded file: %w", err)
		}
		return nil, registry.Refuse(registry.Invalid, "error.file.too_large", "size", int64(len(content))+rest, "max", limit)
	}
	if len(content) == 0 {
		return nil, registry.Refuse(registry.Invalid, "error.file.empty")
	}
	return content, nil
}

func damaged() error { return registry.Refuse(registry.Invalid, "error.file.damaged") }
func script() error  { return registry.Refuse(registry.Invalid, "error.file.script") }
func active() error  { return registry.Refuse(registry.Invalid, "error.file.active") }

func inspect(content []byte) (f *Inspected, err error) {
	defer func() {
		if recover() != nil { // a parser that a crafted file brought down
			f, err = nil, damaged()
		}
	}()
	sum := sha256.Sum256(content)
	f = &Inspected{
		Content: content, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]),
		MediaType: mimetype.Detect(content).String(), Pages: 1,
	}
	switch {
	case f.MediaType == mediaPDF && bytes.HasPrefix(content, []byte("%PDF-")):
		err = f.inspectPDF()
	case f.MediaType == mediaJPEG:
		err = f.inspectImage(endOfJPEG)
	case f.MediaType == mediaPNG:
		err = f.inspectImage(endOfPNG)
	default:
		return nil, registry.Refuse(registry.Invalid, "error.file.type")
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}
