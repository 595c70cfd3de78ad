package handlers

import (
	"encoding/base64"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// tokenAsk makes what the token is to sign, with the text that the holder reads
// in their own language.
func (s *Server) tokenAsk(c echo.Context) error {
	var in struct {
		Action string `json:"action"`
	}
	id, who, err := s.tokenCall(c, &in)
	if err != nil {
		return err
	}
	text, err := s.tokenText(c, id, in.Action)
	if err != nil {
		return err
	}
	q, err := s.deps.Workflow.AskToken(c.Request().Context(), who, workflow.TokenQuestion{
		EnrolmentID: id, Action: in.Action, Text: text, Origin: s.deps.BaseURL, Session: s.sessionMark(c),
	})
	if err != nil {
		return err
	}
	return s.answerToken(c, id, func(v *deskState) {
		v.Challenge, v.Envelope, v.Text = q.Challenge, base64.StdEncoding.EncodeToString(q.Expected), text
	})
}

func (s *Server) tokenText(c echo.Context, id registry.EnrolmentID, action string) (text string, err error) {
	err = s.read(c, func(tx *store.Tx) error {
		d, err := s.deps.Workflow.TokenDesk(tx, id)
		if err != nil {
			return err
		}
		it, err := s.enrolmentItemOf(c, tx, d.Enrolment)
		if err != nil {
			return err
		}
		if d.Certificate == nil || d.Token == nil {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		key := "token.desk.text_receive"
		if action == workflow.Prove {
			key = "token.desk.text_prove"
		}
		x := d.Certificate
		text = s.textIn(it.Language, key, "token", d.Token.Serial, "serial", templates.Hex(x.Serial), "holder", x.HolderName,
			"from", templates.DateTime(x.NotBefore), "to", templates.DateTime(x.NotAfter))
		return nil
	})
	return text, err
}
