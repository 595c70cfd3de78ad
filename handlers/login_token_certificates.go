package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// tokenCertificate is a certificate of a token in the page's language.
type tokenCertificate struct {
	Index        int    `json:"index"`
	Usable       bool   `json:"usable"`
	State        string `json:"state"` // valid, not_yet, expired, revoked, suspended, other_ca, unknown, usage
	Word         string `json:"word"`  // the state in words
	Holder       string `json:"holder"`
	Organisation string `json:"organisation"`
	From         string `json:"from"`
	Until        string `json:"until"`
	Why          string `json:"why"` // it cannot be used
}

// loginTokenCertificates says of the certificates on a token what they are,
// and which to log in with: an index, or one of workflow's numbers below 0.
func (s *Server) loginTokenCertificates(c echo.Context) error {
	var in struct {
		Certificates [][]byte `json:"certificates"` // DER
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	certs, choose, err := s.deps.Workflow.TokenCertificates(c.Request().Context(), in.Certificates)
	if err != nil {
		return err
	}
	out := make([]tokenCertificate, len(certs))
	for i, cert := range certs {
		out[i] = s.tokenCertificate(c, i, cert)
	}
	return c.JSON(http.StatusOK, map[string]any{"certificates": out, "choose": choose})
}

func (s *Server) tokenCertificate(c echo.Context, i int, cert workflow.TokenCertificate) tokenCertificate {
	v := tokenCertificate{Index: i, Usable: cert.Refused == nil, Holder: cert.Holder, Organisation: cert.Subject}
	if cert.Organisation != nil {
		v.Organisation = cert.Organisation.FullName(lang(c))
	}
	if !cert.NotAfter.IsZero() {
		v.From, v.Until = templates.DateTime(cert.NotBefore), templates.DateTime(cert.NotAfter)
	}
	var word string
	v.State, word = tokenState(cert.Refused)
	v.Word = s.text(c, word)
	if cert.Refused != nil {
		v.Why = s.sentence(c, cert.Refused)
	}
	return v
}

// tokenState names the state of a certificate, and the message that says it.
func tokenState(refused *registry.Error) (state, word string) {
	if refused == nil {
		return "valid", "validity.valid"
	}
	switch refused.Key {
	case "error.certificate.expired":
		return "expired", "validity.expired"
	case "error.certificate.not_yet":
		return "not_yet", "validity.not_yet"
	case "error.certificate.revoked":
		return "revoked", "status.certificate.revoked"
	case "error.certificate.suspended":
		return "suspended", "status.certificate.suspended"
	case "error.certificate.other_ca":
		return "other_ca", "token.state.other_ca"
	case "error.token.usage", "error.token.policy":
		return "usage", "token.state.usage"
	}
	return "unknown", "token.state.unknown"
}
