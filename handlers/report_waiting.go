package handlers

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// waitingPart is what a page asks of what follows a certificate that is to be
// revoked and is not usable yet.
type waitingPart struct {
	Waiting []waitingItem
	Making  bool                   // some of it is not made yet
	Beside  registry.WaitingChoice // what becomes of it
}

// waitingItem is a certificate that waits for its term, or the number of an
// accepted application whose certificate is not made yet.
type waitingItem struct {
	Serial registry.Serial
	From   time.Time
	Number string
	Shared string // message key: what happened to the old key, and this one
}

// readWaiting fills in what waits beside a certificate.
func (s *Server) readWaiting(tx *store.Tx, v *waitingPart, cert *registry.Certificate) error {
	found, err := s.deps.Workflow.Waiting(tx, cert)
	if err != nil {
		return err
	}
	for _, w := range found.Made {
		shared, err := sharedWith(tx, cert, w)
		if err != nil {
			return err
		}
		v.Waiting = append(v.Waiting, waitingItem{Serial: w.Serial, From: w.NotBefore, Shared: shared})
	}
	for _, e := range found.Making {
		app, err := tx.Application(e.ApplicationID)
		if err != nil {
			return err
		}
		shared, err := sharedWith(tx, cert, &registry.Certificate{Storage: app.Declaration.Storage, EnrolmentID: e.ID})
		if err != nil {
			return err
		}
		v.Waiting, v.Making = append(v.Waiting, waitingItem{Number: app.Number, Shared: shared}), true
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
		if w.Number != "" {
			lines = append(lines, s.text(c, "waiting.text."+string(v.Beside)+"_making", "number", w.Number))
			continue
		}
		lines = append(lines, s.text(c, "waiting.text."+string(v.Beside), "serial", templates.Hex(w.Serial), "from", templates.DateTime(w.From)))
	}
	return lines
}
