package handlers

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// waitingPart is what a page asks of the certificates that are not usable yet,
// beside one of the same holder that is to be revoked.
type waitingPart struct {
	Waiting []waitingItem
	Beside  registry.WaitingChoice // what becomes of them
}

type waitingItem struct {
	Serial registry.Serial
	From   time.Time
	Shared string // message key: what happened to the old key, and this one
}

// readWaiting fills in what waits beside a certificate.
func (s *Server) readWaiting(tx *store.Tx, v *waitingPart, cert *registry.Certificate) error {
	found, err := s.deps.Workflow.Waiting(tx, cert)
	if err != nil {
		return err
	}
	for _, w := range found {
		shared, err := sharedWith(tx, cert, w)
		if err != nil {
			return err
		}
		v.Waiting = append(v.Waiting, waitingItem{w.Serial, w.NotBefore, shared})
	}
	return nil
}

// sharedWith says whether whoever has one key can have the other.
func sharedWith(tx *store.Tx, a, b *registry.Certificate) (string, error) {
	if a.Storage != b.Storage {
		return "waiting.other_key", nil
	}
	if a.Storage == registry.ECloud {
		return "waiting.same_pin", nil
	}
	one, err := tx.TokenKeyOfEnrolment(a.EnrolmentID)
	if err != nil {
		return "", err
	}
	other, err := tx.TokenKeyOfEnrolment(b.EnrolmentID)
	if err != nil {
		return "", err
	}
	if one != nil && other != nil && one.TokenID != other.TokenID {
		return "waiting.other_key", nil
	}
	return "waiting.same_token", nil
}

// checkWaiting judges what was chosen for what waits; a refusal goes into errs.
func (s *Server) checkWaiting(c echo.Context, v *waitingPart, errs templates.FieldErrors) {
	switch {
	case len(v.Waiting) == 0:
		v.Beside = ""
	case v.Beside != registry.WaitingKeep && v.Beside != registry.WaitingRevoke:
		v.Beside = ""
		errs["waiting"] = s.text(c, "error.report.waiting")
	}
}

// waitingWords are the lines of a signed text about what waits.
func (s *Server) waitingWords(c echo.Context, v *waitingPart) (lines []string) {
	if v.Beside == "" {
		return nil
	}
	for _, w := range v.Waiting {
		lines = append(lines, s.text(c, "waiting.text."+string(v.Beside), "serial", templates.Hex(w.Serial), "from", templates.DateTime(w.From)))
	}
	return lines
}
