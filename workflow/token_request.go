package workflow

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"
	"regexp"
	"strings"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// keyID is a CKA_ID in hexadecimal.
var keyID = regexp.MustCompile(`^[0-9a-f]{2,128}$`)

// AcceptTokenRequest takes the certificate request that was made with the key
// on a token: awaiting key → key made, by a clerk (an administrator for an
// operator's). The request is signed by its key, of the kind that was begun; the
// key was never used before. The certificate follows by itself. Repeated with
// the same request it changes nothing.
//
// A request cannot prove that its key is on the token.
func (f *Flow) AcceptTokenRequest(ctx context.Context, who Actor, id registry.EnrolmentID, marker, ckaID string, csr []byte) error {
	request, err := ca.CheckTokenCSR(csr)
	if err != nil {
		return err
	}
	ckaID = strings.ToLower(strings.ReplaceAll(ckaID, ":", ""))
	if !keyID.MatchString(ckaID) {
		return registry.Refuse(registry.Invalid, "error.bad_request")
	}
	err = f.write(ctx, "key made", func(tx *store.Tx) error {
		e, _, err := f.atDesk(tx, who, id)
		if err != nil {
			return err
		}
		key, err := tx.TokenKeyOfEnrolment(id)
		if err != nil {
			return err
		}
		switch {
		case key == nil || key.Marker != marker:
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		case key.Status != registry.KeyBegun && key.PublicKeyHash == request.KeyHash:
			return nil // it was accepted before
		case e.Status != registry.AwaitingKey:
			return registry.MoveEnrolment(e.Status, registry.KeyMade)
		case !isOf(request.PublicKey, key.Algorithm):
			return registry.Refuse(registry.Conflict, "error.token.key_kind", "algorithm", string(key.Algorithm))
		}
		used, err := tx.PublicKeyUsed(request.KeyHash, id)
		if err != nil {
			return err
		}
		if used {
			return registry.Refuse(registry.Conflict, "error.token.key_used")
		}
		if err := refuseBlocked(tx, request.KeyHash); err != nil {
			return err
		}
		now, due := f.now(), f.machine()
		key.KeyID, key.PublicKeyHash, key.MadeAt = ckaID, request.KeyHash, &now
		if err := f.moveTokenKey(tx, key, registry.KeyRequested); err != nil {
			return err
		}
		e.CSR, e.NextAttemptAt = request.DER, &due
		details := map[string]any{"token": key.Serial, "marker": marker, "algorithm": key.Algorithm, "key_sha256": request.KeyHash}
		return f.moveEnrolment(tx, who, e, registry.KeyMade, details)
	})
	if err != nil {
		return fmt.Errorf("taking the request of enrolment %d: %w", id, err)
	}
	f.nudge()
	return nil
}

func isOf(public any, a registry.KeyAlgorithm) bool {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return a == registry.RSA2048 && k.N.BitLen() == 2048
	case *ecdsa.PublicKey:
		return a == registry.P256 // CheckTokenCSR takes no other curve
	}
	return false
}
