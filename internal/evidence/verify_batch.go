package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/token"
)

// onBatch says whether a decision on a batch is about the certificate: it is
// over the proposal, the proposal over the list, the list names the certificate,
// and the journal tells that it was revoked with this batch.
func (v *verifier) onBatch(c *Certificate, s *Signature, e token.Envelope, l *life) bool {
	proposal, ok := v.file(s.Content, maxPart)
	var b registry.Batch
	if !ok || e.Hash != sha256.Sum256(proposal) || !loose(string(proposal), &b) {
		return false
	}
	sum, named := v.serials(s.List, c.Serial)
	return e.Subject == "batch/"+b.Number && l.batch == b.Number && c.Reason == b.Code && sum == b.ListSHA256 && named
}

// serialList is a file of serial numbers, one a line, behind an empty line.
type serialList struct {
	file, sum string
	lines     []byte
}

// serials returns the SHA-256 of a file of serial numbers, and whether it names
// one.
func (v *verifier) serials(file string, serial registry.Serial) (sum string, named bool) {
	if v.serialsOf.file != file {
		b, ok := v.file(file, maxPart)
		if !ok {
			return "", false
		}
		h := sha256.Sum256(b)
		v.serialsOf = serialList{file, hex.EncodeToString(h[:]), append([]byte{'\n'}, b...)}
	}
	return v.serialsOf.sum, bytes.Contains(v.serialsOf.lines, []byte("\n"+string(serial)+"\n"))
}
