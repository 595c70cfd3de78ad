package workflow

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// BeginTokenKey writes down that a token is about to be told to make the key of
// an enrolment that awaits it, and under which label: by a clerk (an
// administrator for an operator's). Repeated for the same token it says the
// same, so that a key which the workstation forgot is found by its label; for
// another token or kind of key the one begun before is given up. It moves
// nothing; see AcceptTokenRequest.
//
// An empty algorithm is the first of the authority's that the token does.
func (f *Flow) BeginTokenKey(ctx context.Context, who Actor, id registry.EnrolmentID, serial string, algorithm registry.KeyAlgorithm) (*registry.TokenKey, error) {
	var key *registry.TokenKey
	err := f.write(ctx, "key begun", func(tx *store.Tx) error {
		e, s, err := f.atDesk(tx, who, id)
		if err != nil {
			return err
		}
		if e.Status != registry.AwaitingKey {
			return registry.MoveEnrolment(e.Status, registry.KeyMade)
		}
		t, algorithm, err := f.tokenForKey(tx, s, serial, algorithm)
		if err != nil {
			return err
		}
		if key, err = tx.TokenKeyOfEnrolment(id); err != nil {
			return err
		}
		if key != nil && key.TokenID == t.ID && key.Algorithm == algorithm {
			return nil
		}
		if err := f.dropTokenKey(tx, who, e, "another token or kind of key"); err != nil {
			return err
		}
		marker := fmt.Sprintf("tamga-%d-%s", id, strings.ToLower(rand.Text()[:12]))
		if _, err := tx.AddTokenKey(registry.TokenKey{EnrolmentID: id, TokenID: t.ID, Marker: marker, Algorithm: algorithm}, f.now()); err != nil {
			return err
		}
		details := map[string]any{"token": t.Serial, "marker": marker, "algorithm": algorithm}
		if err := f.record(tx, who, "token.key_begun", details, nil, aboutEnrolment(e)...); err != nil {
			return err
		}
		key, err = tx.TokenKeyOfEnrolment(id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("beginning the key of enrolment %d: %w", id, err)
	}
	return key, nil
}

// tokenForKey finds a token that was looked at and judges again what may have
// changed since.
func (f *Flow) tokenForKey(tx *store.Tx, s *subject, serial string, asked registry.KeyAlgorithm) (*registry.Token, registry.KeyAlgorithm, error) {
	serial, err := registry.TokenSerial(serial)
	if err != nil {
		return nil, "", err
	}
	t, err := tx.Token(serial)
	if registry.KindOf(err) == registry.NotFound {
		return nil, "", registry.Refuse(registry.Conflict, "error.token.not_looked_at")
	}
	if err != nil {
		return nil, "", err
	}
	if err := f.judgeRelease(t); err != nil {
		return nil, "", err
	}
	if err := f.judgeOwner(tx, s, t, nil); err != nil {
		return nil, "", err
	}
	algorithm, err := f.keyAlgorithm(t, asked)
	return t, algorithm, err
}
