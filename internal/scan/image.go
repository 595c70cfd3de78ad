package scan

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	_ "image/jpeg" // for image.DecodeConfig
	_ "image/png"
	"io"

	"github.com/tamga-ca/tamga/internal/registry"
)

// inspectImage reads the dimensions and walks the file's structure without
// decoding pixels. end returns where the image ends.
func (f *Inspected) inspectImage(end func([]byte) (int, bool)) error {
	cfg, _, err := image.DecodeConfig(bytes.NewReader(f.Content))
	if err != nil {
		return damaged()
	}
	if cfg.Width <= 0 || cfg.Height <= 0 {
		return damaged()
	}
	if cfg.Width > maxSide || cfg.Height > maxSide || cfg.Width*cfg.Height > maxPixels {
		return registry.Refuse(registry.Invalid, "error.file.dimensions", "width", cfg.Width, "height", cfg.Height, "max", maxSide)
	}
	n, ok := end(f.Content)
	if !ok {
		return damaged()
	}
	// Telephones append data of their own to a photograph; another document does
	// not belong there.
	if carriesAnother(f.Content[n:]) || isArchive(f.Content) {
		return active()
	}
	f.Width, f.Height = cfg.Width, cfg.Height
	return nil
}

// endOfJPEG returns the offset after the end-of-image marker (ITU-T T.81 annex B).
func endOfJPEG(b []byte) (int, bool) {
	const (
		soi, eoi, sos = 0xd8, 0xd9, 0xda
		tem           = 0x01
	)
	if len(b) < 4 || b[0] != 0xff || b[1] != soi {
		return 0, false
	}
	scanned := false
	i := 2
	for i+1 < len(b) {
		if b[i] != 0xff {
			return 0, false
		}
		m := b[i+1]
		switch {
		case m == 0xff: // padding before a marker
			i++
			continue
		case m == eoi:
			return i + 2, scanned
		case m == tem || (m >= 0xd0 && m <= 0xd7):
			i += 2
			continue
		case m == 0 || m == soi:
			return 0, false
		}
		if i+4 > len(b) {
			return 0, false
		}
		n := int(binary.BigEndian.Uint16(b[i+2:]))
		if n < 2 || i+2+n > len(b) {
			return 0, false
		}
		i += 2 + n
		if m != sos {
			continue
		}
		scanned = true
		for i+1 < len(b) && (b[i] != 0xff || b[i+1] == 0 || (b[i+1] >= 0xd0 && b[i+1] <= 0xd7)) {
			i++
		}
	}
	return 0, false
}

// endOfPNG returns the offset after the IEND chunk; checksums and the stream of
// pixels must be whole (ISO/IEC 15948 §5.3, §10).
func endOfPNG(b []byte) (int, bool) {
	const signature = 8
	var pixels bytes.Buffer
	for i := signature; i+12 <= len(b); {
		n := int(binary.BigEndian.Uint32(b[i:]))
		if n < 0 || n > len(b)-i-12 {
			return 0, false
		}
		kind, body := b[i+4:i+8], b[i+8:i+8+n]
		if crc32.ChecksumIEEE(b[i+4:i+8+n]) != binary.BigEndian.Uint32(b[i+8+n:]) {
			return 0, false
		}
		i += 12 + n
		switch string(kind) {
		case "IDAT":
			pixels.Write(body)
		case "IEND":
			return i, inflates(&pixels)
		}
	}
	return 0, false
}

// inflates reads a zlib stream to its end without keeping it.
func inflates(r io.Reader) bool {
	const most = maxPixels*8 + maxSide*8 // RGBA of 16 bits, a filter byte a row, interlaced
	z, err := zlib.NewReader(r)
	if err != nil {
		return false
	}
	n, err := io.Copy(io.Discard, io.LimitReader(z, most+1))
	return err == nil && n > 0 && n <= most
}

// carriesAnother says whether bytes hold the beginning of a document that a
// program might open instead of the image they follow.
func carriesAnother(b []byte) bool {
	lower := bytes.ToLower(b)
	for _, mark := range [...]string{"%pdf-", "<html", "<script", "<!doctype", "<svg", "<iframe", "<?php", "pk\x03\x04"} {
		if bytes.Contains(lower, []byte(mark)) {
			return true
		}
	}
	return false
}

// isArchive says whether a ZIP reader, which starts at the end, would open b.
func isArchive(b []byte) bool {
	const reach = 22 + 1<<16
	return bytes.Contains(b[max(0, len(b)-reach):], []byte("PK\x05\x06"))
}
