package workflow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// maxOnToken bounds what a workstation may tell of one token.
const maxOnToken = 64

// CheckTokenDevice judges the device that was chosen for an enrolment, by a
// clerk (an administrator for an operator's): its release (DT-14), that it is
// not an employee's, that it is the one the key is on already if there is one,
// its algorithms and free memory. It writes down how the device describes
// itself, and says what of ours on it was given up. It moves nothing.
//
// The description comes from the workstation: a manipulated one can lie, as the
// threat model says.
func (f *Flow) CheckTokenDevice(ctx context.Context, who Actor, id registry.EnrolmentID, device registry.Token, certificates [][]byte) (*TokenDesk, error) {
	var desk *TokenDesk
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		e, s, err := f.atDesk(tx, who, id)
		if err != nil {
			return err
		}
		if err := cleanDevice(&device, certificates); err != nil {
			return err
		}
		found, err := foundOn(tx, certificates)
		if err != nil {
			return err
		}
		if err := f.judgeDevice(tx, e, s, &device, found); err != nil {
			return err
		}
		first, err := tx.SeeToken(&device, f.now())
		if err != nil {
			return err
		}
		if first {
			details := map[string]any{"token": device.Serial, "model": device.Model, "release": device.Release}
			if err := f.record(tx, who, "token.seen", details, nil, aboutEnrolment(e)...); err != nil {
				return err
			}
		}
		if desk, err = f.TokenDesk(tx, id); err != nil {
			return err
		}
		desk.Found = found
		desk.Remove, err = f.leftovers(tx, device.ID, found)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("checking a token for enrolment %d: %w", id, err)
	}
	return desk, nil
}

// cleanDevice brings a description to what is stored of it.
func cleanDevice(t *registry.Token, certificates [][]byte) (err error) {
	if t.Serial, err = registry.TokenSerial(t.Serial); err != nil {
		return err
	}
	for _, s := range []*string{&t.Label, &t.Model, &t.Hardware, &t.Firmware} {
		*s = clip(strings.ToValidUTF8(strings.TrimSpace(*s), "?"), 64)
	}
	if len(t.Algorithms) > maxOnToken || len(certificates) > maxOnToken {
		return registry.Refuse(registry.Invalid, "error.token.full_of")
	}
	for i, a := range t.Algorithms {
		t.Algorithms[i] = clip(a, 32)
	}
	t.FreeMemory, t.TotalMemory = max(t.FreeMemory, -1), max(t.TotalMemory, -1)
	told := t.Release
	if t.Release = registry.ReleaseOf(t); t.Release == "" && t.Hardware == "" && t.Firmware == "" && told.AtLeast("1.0") {
		t.Release = told // the workstation's own software knows the model
	}
	return nil
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

func (f *Flow) judgeDevice(tx *store.Tx, e *registry.Enrolment, s *subject, t *registry.Token, found []FoundCertificate) error {
	if err := f.judgeRelease(t); err != nil {
		return err
	}
	if err := f.judgeOwner(tx, s, t, found); err != nil {
		return err
	}
	key, err := tx.TokenKeyOfEnrolment(e.ID)
	if err != nil {
		return err
	}
	if key != nil && key.Status != registry.KeyBegun {
		if key.Serial != t.Serial {
			return registry.Refuse(registry.Conflict, "error.token.another", "serial", key.Serial)
		}
		return nil // the key is there, and room for its certificate was
	}
	if _, err := f.keyAlgorithm(t, ""); err != nil {
		return err
	}
	if t.FreeMemory >= 0 && t.FreeMemory < f.pack.Tokens.LeastMemory {
		return registry.Refuse(registry.Conflict, "error.token.memory")
	}
	return nil
}

// judgeRelease refuses a device that is older than the authority takes (DT-14).
func (f *Flow) judgeRelease(t *registry.Token) error {
	switch {
	case t.Release == "":
		return registry.Refuse(registry.Conflict, "error.token.release_unknown", "model", t.Model)
	case !t.Release.AtLeast(f.pack.Tokens.LeastRelease):
		return registry.Refuse(registry.Conflict, "error.token.old")
	}
	return nil
}

// judgeOwner refuses the token of an employee, which is often in the same
// computer, unless it is that employee's certificate that is made.
func (f *Flow) judgeOwner(tx *store.Tx, s *subject, t *registry.Token, found []FoundCertificate) error {
	for _, c := range found {
		if c.Certificate != nil && c.Certificate.OperatorID != 0 && (s.operator == nil || s.operator.ID != c.Certificate.OperatorID) {
			return registry.Refuse(registry.Conflict, "error.token.operators", "serial", t.Serial)
		}
	}
	operators, err := tx.OperatorTokens()
	if err != nil {
		return err
	}
	if s.operator == nil && slices.Contains(operators, t.Serial) {
		return registry.Refuse(registry.Conflict, "error.token.operators", "serial", t.Serial)
	}
	return nil
}

// keyAlgorithm chooses what kind of key a token makes: the one asked for, or
// the first of the authority's that the token does.
func (f *Flow) keyAlgorithm(t *registry.Token, asked registry.KeyAlgorithm) (registry.KeyAlgorithm, error) {
	for _, a := range f.pack.Tokens.Algorithms {
		if (asked == "" || asked == a) && t.Does(a) {
			return a, nil
		}
	}
	return "", registry.Refuse(registry.Conflict, "error.token.unsupported")
}
