package handlers

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// deskState tells a script how far a token has come. Binary values are base64.
type deskState struct {
	Enrolment   registry.EnrolmentID    `json:"enrolment"`
	Status      string                  `json:"status"`
	Step        workflow.TokenStep      `json:"step"`
	Word        string                  `json:"word"` // the status in words
	Class       string                  `json:"class"`
	Why         string                  `json:"why"` // a sentence, where something waits or failed
	Algorithms  []registry.KeyAlgorithm `json:"algorithms"`
	Key         *tokenKeyState          `json:"key"`
	Certificate *deskCertificate        `json:"certificate"`
	Clerk       []string                `json:"clerk"` // serial numbers of employees' tokens
	OnToken     []tokenFound            `json:"onToken"`
	Remove      tokenRemove             `json:"remove"`
	// Says and At are, by step, what is known of it in words, and when it was
	// done ("16:02:11").
	Says map[string]string `json:"says"`
	At   map[string]string `json:"at"`
	// Challenge, Envelope and Text are of the question that was asked.
	Challenge string `json:"challenge,omitempty"`
	Envelope  string `json:"envelope,omitempty"`
	Text      string `json:"text,omitempty"`
}

type tokenKeyState struct {
	Token     string                `json:"token"`
	Marker    string                `json:"marker"`
	KeyID     string                `json:"keyId"`
	Algorithm registry.KeyAlgorithm `json:"algorithm"`
	SHA256    string                `json:"sha256"`
}

type deskCertificate struct {
	Serial    registry.Serial `json:"serial"`
	SHA256    string          `json:"sha256"`
	DER       string          `json:"der"`
	NotBefore time.Time       `json:"notBefore"`
	NotAfter  time.Time       `json:"notAfter"`
}

type tokenFound struct {
	SHA256 string `json:"sha256"`
	Holder string `json:"holder"`
	State  string `json:"state"` // valid, not_yet, expired, suspended, revoked, operator, foreign
	Word   string `json:"word"`
	Until  string `json:"until"`
	Remove bool   `json:"remove"`
}

type tokenRemove struct {
	Markers      []string `json:"markers"`
	Certificates []string `json:"certificates"`
}

// deskStateOf is a desk as scripts and the page get it.
func (s *Server) deskStateOf(c echo.Context, d *workflow.TokenDesk) *deskState {
	v := &deskState{
		Enrolment: d.Enrolment.ID, Status: string(d.Enrolment.Status), Step: d.Step, Algorithms: d.Algorithms,
		Clerk: listed(d.Operators), OnToken: []tokenFound{},
		Remove: tokenRemove{listed(d.Remove.Markers), listed(d.Remove.Certificates)},
	}
	v.Why = s.tokenWhy(c, d.Enrolment)
	v.Word, v.Class = s.text(c, "status.enrolment."+v.Status), enrolmentShapes[d.Enrolment.Status]
	if k := d.Key; k != nil {
		v.Key = &tokenKeyState{k.Serial, k.Marker, k.KeyID, k.Algorithm, k.PublicKeyHash}
	}
	if x := d.Certificate; x != nil {
		v.Certificate = &deskCertificate{x.Serial, x.SHA256, base64.StdEncoding.EncodeToString(x.DER), x.NotBefore, x.NotAfter}
	}
	for _, f := range d.Found {
		v.OnToken = append(v.OnToken, s.tokenFound(c, f, slices.Contains(d.Remove.Certificates, f.SHA256)))
	}
	v.Says, v.At = s.tokenSays(c, d), tokenTimes(d)
	return v
}

// tokenWhy says what an enrolment waits for, or why it failed.
func (s *Server) tokenWhy(c echo.Context, e *registry.Enrolment) string {
	moving := e.Status == registry.KeyMade || e.Status == registry.Issuing
	switch {
	case e.Failure != "":
		return s.sentence(c, &registry.Error{Key: e.Failure})
	case moving && s.caDown():
		return s.text(c, "error.ca.unavailable")
	case e.Status == registry.Cancelled:
		return s.text(c, "status.enrolment.cancelled")
	}
	return ""
}

func (s *Server) tokenFound(c echo.Context, f workflow.FoundCertificate, remove bool) tokenFound {
	out := tokenFound{SHA256: f.SHA256, Holder: f.Subject, State: "foreign", Word: s.text(c, "token.desk.foreign"), Remove: remove}
	x := f.Certificate
	if x == nil {
		return out
	}
	v := s.certificateView(c, x)
	out.Holder, out.Word, out.Until, out.State = x.HolderName, v.State.Word, templates.DateTime(x.NotAfter), string(x.ValidityAt(s.deps.Now()))
	switch {
	case x.OperatorID != 0:
		out.State, out.Word = "operator", s.text(c, "token.desk.employee")
	case x.Status != registry.CertIssued:
		out.State = string(x.Status)
	}
	return out
}

// tokenSays is what is known of each step in words.
func (s *Server) tokenSays(c echo.Context, d *workflow.TokenDesk) map[string]string {
	out := map[string]string{}
	for _, p := range tokenPageSteps {
		out[p.name] = s.text(c, "token.desk.about."+p.name)
	}
	if t := d.Token; t != nil {
		out["device"] = s.text(c, "token.desk.says_device", "name", s.deviceName(c, t), "serial", t.Serial)
		if t.FreeMemory >= 0 {
			out["device"] += " · " + s.text(c, "token.desk.says_memory", "size", templates.Size(string(lang(c)), t.FreeMemory))
		}
	}
	if k := d.Key; k != nil && k.PublicKeyHash != "" {
		out["key"] = s.text(c, "token.desk.says_key", "algorithm", string(k.Algorithm), "hash", k.PublicKeyHash[:8]+" … "+k.PublicKeyHash[56:])
	}
	if x := d.Certificate; x != nil {
		out["issue"] = s.text(c, "token.desk.says_issued", "serial", templates.Hex(x.Serial), "from", templates.DateTime(x.NotBefore), "to", templates.DateTime(x.NotAfter))
	}
	return out
}

func (s *Server) deviceName(c echo.Context, t *registry.Token) string {
	if t.Release != "" {
		return s.text(c, "token.name", "release", string(t.Release))
	}
	return t.Model
}

func tokenTimes(d *workflow.TokenDesk) map[string]string {
	out := map[string]string{}
	put := func(step string, at *time.Time) {
		if at != nil {
			out[step] = templates.Clock(*at)
		}
	}
	if k := d.Key; k != nil {
		put("device", &k.CreatedAt)
		put("key", k.MadeAt)
		put("write", k.WrittenAt)
		put("back", k.WrittenAt)
		put("prove", k.ProvenAt)
	}
	if d.Certificate != nil {
		put("issue", &d.Certificate.IssuedAt)
	}
	if d.Step == workflow.TokenDone {
		put("receive", &d.Enrolment.UpdatedAt)
	}
	return out
}

// answerToken sends where things stand, whatever was done.
func (s *Server) answerToken(c echo.Context, id registry.EnrolmentID, change func(*deskState)) error {
	var d *workflow.TokenDesk
	err := s.read(c, func(tx *store.Tx) (err error) {
		d, err = s.deps.Workflow.TokenDesk(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	v := s.deskStateOf(c, d)
	if change != nil {
		change(v)
	}
	return c.JSON(http.StatusOK, v)
}

// bytesOf reads base64, with or without PEM around it.
func bytesOf(text string) ([]byte, error) {
	var bare strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") {
			bare.WriteString(line)
		}
	}
	b, err := base64.StdEncoding.DecodeString(bare.String())
	if err != nil {
		return nil, registry.Refuse(registry.Invalid, "error.bad_request")
	}
	return b, nil
}

// listed is a list that JSON writes as one, also when it is empty.
func listed(s []string) []string { return append([]string{}, s...) }
