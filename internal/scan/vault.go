package scan

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	aeadsubtle "github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/streamingaead"

	"github.com/tamga-ca/tamga/internal/registry"
)

// What can be wrong with a stored file.
var (
	// ErrMissing: the bytes are gone.
	ErrMissing = errors.New("the stored file is missing")
	// ErrTruncated: the bytes end too early.
	ErrTruncated = errors.New("the stored file is cut off")
	// ErrSwapped: the bytes are another file's.
	ErrSwapped = errors.New("the stored file belongs to another document")
	// ErrAltered: the bytes are not what was stored.
	ErrAltered = errors.New("the stored file was altered")
	// ErrKey: the key the file was encrypted with is not there.
	ErrKey = errors.New("the key of the stored file is not there")
	// ErrWrongKey: there is a key of that id, but it is another key.
	ErrWrongKey = errors.New("the key of the stored file is a different one")
)

// Key encrypts the keys of files: 32 bytes from the secrets directory.
type Key struct {
	ID    string // e.g. "documents.2"
	Bytes []byte
}

// Vault keeps uploaded files encrypted.
type Vault struct {
	storage Storage
	current string
	keys    map[string]Key
}

const (
	magic       = "tamga-file/1\n"
	checkSize   = 8
	maxOverhead = 1 << 20 // header, wrapped keyset and tags
)

// NewVault returns a vault that writes under the key of id current and reads
// under all keys.
func NewVault(storage Storage, current string, keys []Key) (*Vault, error) {
	v := &Vault{storage: storage, current: current, keys: map[string]Key{}}
	for _, k := range keys {
		if len(k.Bytes) != 32 || k.ID == "" || len(k.ID) > 255 {
			return nil, fmt.Errorf("document encryption: key %q is not 32 bytes long", k.ID)
		}
		v.keys[k.ID] = Key{ID: k.ID, Bytes: bytes.Clone(k.Bytes)}
	}
	if _, ok := v.keys[current]; !ok {
		return nil, fmt.Errorf("document encryption: there is no key %q", current)
	}
	return v, nil
}

// Put encrypts and stores a file for a document and returns what the row
// keeps: the key of the blob and the id of the encryption key. The blob is
// durable when Put returns. If the row's transaction fails, Sweep finds it.
func (v *Vault) Put(ctx context.Context, doc registry.DocumentID, content []byte) (blobKey, keyID string, err error) {
	if len(content) == 0 || len(content) > MaxSize {
		return "", "", fmt.Errorf("storing a file of %d bytes", len(content))
	}
	var name [16]byte
	if _, err := rand.Read(name[:]); err != nil {
		return "", "", fmt.Errorf("naming a stored file: %w", err)
	}
	blobKey = hex.EncodeToString(name[:])
	sealed, err := v.seal(doc, blobKey, content)
	if err != nil {
		return "", "", fmt.Errorf("encrypting a file: %w", err)
	}
	if err := v.storage.Add(ctx, blobKey, sealed); err != nil {
		return "", "", err
	}
	return blobKey, v.current, nil
}

// Open returns a file's whole content after verifying every byte of it: the
// encryption's tags, the binding to document and blob, size and SHA-256 of the
// row. The error wraps one of ErrMissing, ErrTruncated, ErrSwapped, ErrAltered,
// ErrKey and ErrWrongKey, or is the storage's.
func (v *Vault) Open(ctx context.Context, f registry.File) ([]byte, error) {
	sealed, err := v.storage.Get(ctx, f.BlobKey, MaxSize+maxOverhead)
	if err != nil {
		return nil, err
	}
	content, err := v.unseal(f.DocumentID, f.BlobKey, f.KeyID, sealed)
	if err != nil {
		return nil, fmt.Errorf("opening stored file %s: %w", f.BlobKey, err)
	}
	sum := sha256.Sum256(content)
	if int64(len(content)) != f.Size || hex.EncodeToString(sum[:]) != f.SHA256 {
		return nil, fmt.Errorf("opening stored file %s: %w", f.BlobKey, ErrSwapped)
	}
	return content, nil
}

// Remove deletes a file's bytes for good.
func (v *Vault) Remove(ctx context.Context, blobKey string) error {
	return v.storage.Remove(ctx, blobKey)
}

// Sweep removes the files that are older than a moment and that keep does not
// know: their transaction never committed. It returns how many.
func (v *Vault) Sweep(ctx context.Context, before time.Time, keep func(blobKey string) (bool, error)) (int, error) {
	n := 0
	for s, err := range v.storage.Keys(ctx) {
		if err != nil {
			return n, err
		}
		if !s.Since.Before(before) {
			continue
		}
		known, err := keep(s.Key)
		if err != nil {
			return n, err
		}
		if known {
			continue
		}
		if err := v.storage.Remove(ctx, s.Key); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// A sealed file is: magic; id of the wrapping key (one byte of length before
// it); the first 8 bytes of HMAC-SHA-256(wrapping key, magic), which tell a
// wrong key from damage; document (8 bytes); blob key (16 bytes); length of the
// content (8 bytes); wrapped keyset (2 bytes of length before it); the
// content under the keyset's AES256-GCM-HKDF, in segments of 1 MB. Everything
// up to the length of the content is associated data of both encryptions.

func (v *Vault) seal(doc registry.DocumentID, blobKey string, content []byte) ([]byte, error) {
	kek := v.keys[v.current]
	head, err := header(kek, doc, blobKey, len(content))
	if err != nil {
		return nil, err
	}
	wrapper, err := aeadsubtle.NewAESGCM(kek.Bytes)
	if err != nil {
		return nil, err
	}
	handle, err := keyset.NewHandle(streamingaead.AES256GCMHKDF1MBKeyTemplate())
	if err != nil {
		return nil, err
	}
	var wrapped bytes.Buffer
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&wrapped), wrapper, head); err != nil {
		return nil, err
	}
	if wrapped.Len() > 1<<16-1 {
		return nil, fmt.Errorf("a wrapped keyset of %d bytes", wrapped.Len())
	}
	out := bytes.NewBuffer(make([]byte, 0, len(content)+len(head)+wrapped.Len()+1024))
	out.Write(head)
	out.Write(binary.BigEndian.AppendUint16(nil, uint16(wrapped.Len())))
	out.Write(wrapped.Bytes())
	stream, err := streamingaead.New(handle)
	if err != nil {
		return nil, err
	}
	w, err := stream.NewEncryptingWriter(out, head)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func header(kek Key, doc registry.DocumentID, blobKey string, size int) ([]byte, error) {
	name, err := hex.DecodeString(blobKey)
	if err != nil || len(name) != 16 {
		return nil, fmt.Errorf("%q is no key of a stored file", blobKey)
	}
	b := []byte(magic)
	b = append(b, byte(len(kek.ID)))
	b = append(b, kek.ID...)
	b = append(b, keyCheck(kek)...)
	b = binary.BigEndian.AppendUint64(b, uint64(doc))
	b = append(b, name...)
	return binary.BigEndian.AppendUint64(b, uint64(size)), nil
}

func keyCheck(kek Key) []byte {
	h := hmac.New(sha256.New, kek.Bytes)
	h.Write([]byte(magic))
	return h.Sum(nil)[:checkSize]
}

func (v *Vault) unseal(doc registry.DocumentID, blobKey, keyID string, sealed []byte) ([]byte, error) {
	kek, ok := v.keys[keyID]
	if !ok {
		return nil, ErrKey
	}
	head, err := checkHeader(sealed, kek, doc, blobKey)
	if err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint64(head[len(head)-8:])
	rest := sealed[len(head):]
	if len(rest) < 2 {
		return nil, ErrTruncated
	}
	n := int(binary.BigEndian.Uint16(rest))
	if len(rest)-2 < n {
		return nil, ErrTruncated
	}
	wrapper, err := aeadsubtle.NewAESGCM(kek.Bytes)
	if err != nil {
		return nil, err
	}
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(rest[2:2+n])), wrapper, head)
	if err != nil {
		return nil, ErrAltered
	}
	rest = rest[2+n:]
	if size > MaxSize {
		return nil, ErrAltered
	}
	if uint64(len(rest)) < size {
		return nil, ErrTruncated
	}
	stream, err := streamingaead.New(handle)
	if err != nil {
		return nil, ErrAltered
	}
	r, err := stream.NewDecryptingReader(bytes.NewReader(rest), head)
	if err != nil {
		return nil, ErrAltered
	}
	content := make([]byte, 0, size+1)
	buf := bytes.NewBuffer(content)
	if _, err := io.Copy(buf, io.LimitReader(r, int64(size)+1)); err != nil {
		if uint64(len(rest)) < size+segmentTags(size) {
			return nil, ErrTruncated
		}
		return nil, ErrAltered
	}
	if uint64(buf.Len()) != size {
		return nil, ErrAltered
	}
	return buf.Bytes(), nil
}

// segmentTags is the least overhead of a stream: header and one tag a segment.
func segmentTags(size uint64) uint64 {
	const head, tag, segment = 40, 16, 1 << 20
	return head + tag*(1+(size+head)/(segment-tag))
}

// checkHeader returns the header of a sealed file if it is the one that the row
// asks for.
func checkHeader(sealed []byte, kek Key, doc registry.DocumentID, blobKey string) ([]byte, error) {
	want, err := header(kek, doc, blobKey, 0)
	if err != nil {
		return nil, err
	}
	id := len(magic) + 1
	if len(sealed) < id {
		return nil, ErrTruncated
	}
	if !bytes.Equal(sealed[:len(magic)], want[:len(magic)]) {
		return nil, ErrAltered
	}
	check := id + int(sealed[id-1])
	if len(sealed) < check+checkSize+8+16+8 {
		return nil, ErrTruncated
	}
	if string(sealed[id:check]) != kek.ID {
		return nil, ErrSwapped
	}
	bound := check + checkSize
	if !bytes.Equal(sealed[check:bound], want[check:bound]) {
		return nil, ErrWrongKey
	}
	end := bound + 8 + 16
	if !bytes.Equal(sealed[bound:end], want[bound:end]) {
		return nil, ErrSwapped
	}
	return sealed[:end+8], nil
}
