package handlers

import (
	"encoding/base64"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// tokenDevice judges the chosen device (DT-14) and tells what is on it.
func (s *Server) tokenDevice(c echo.Context) error {
	var in struct {
		Device struct {
			Serial      string   `json:"serial"`
			Label       string   `json:"label"`
			Model       string   `json:"model"`
			Release     string   `json:"release"`
			Hardware    string   `json:"hardware"`
			Firmware    string   `json:"firmware"`
			Algorithms  []string `json:"algorithms"`
			FreeMemory  *int64   `json:"freeMemory"`
			TotalMemory *int64   `json:"totalMemory"`
		} `json:"device"`
		Certificates []string `json:"certificates"`
	}
	id, who, err := s.tokenCall(c, &in)
	if err != nil {
		return err
	}
	d := in.Device
	t := registry.Token{
		Serial: d.Serial, Label: d.Label, Model: d.Model, Release: registry.Release(d.Release), Hardware: d.Hardware, Firmware: d.Firmware,
		Algorithms: d.Algorithms, FreeMemory: -1, TotalMemory: -1,
	}
	if d.FreeMemory != nil {
		t.FreeMemory = *d.FreeMemory
	}
	if d.TotalMemory != nil {
		t.TotalMemory = *d.TotalMemory
	}
	var certificates [][]byte
	for _, text := range in.Certificates {
		der, err := bytesOf(text)
		if err != nil {
			return err
		}
		certificates = append(certificates, der)
	}
	desk, err := s.deps.Workflow.CheckTokenDevice(c.Request().Context(), who, id, t, certificates)
	if err != nil {
		return err
	}
	return c.JSON(200, s.deskStateOf(c, desk))
}

// tokenKey writes down that a key is about to be made, and under which label.
func (s *Server) tokenKey(c echo.Context) error {
	var in struct {
		Serial    string                `json:"serial"`
		Algorithm registry.KeyAlgorithm `json:"algorithm"`
	}
	id, who, err := s.tokenCall(c, &in)
	if err != nil {
		return err
	}
	if _, err := s.deps.Workflow.BeginTokenKey(c.Request().Context(), who, id, in.Serial, in.Algorithm); err != nil {
		return err
	}
	return s.answerToken(c, id, nil)
}

// tokenRequest takes the certificate request that was made with the key.
func (s *Server) tokenRequest(c echo.Context) error {
	var in struct {
		Marker string `json:"marker"`
		KeyID  string `json:"keyId"`
		CSR    string `json:"csr"`
	}
	id, who, err := s.tokenCall(c, &in)
	if err != nil {
		return err
	}
	csr, err := bytesOf(in.CSR)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.AcceptTokenRequest(c.Request().Context(), who, id, in.Marker, in.KeyID, csr); err != nil {
		return err
	}
	return s.answerToken(c, id, nil)
}

// tokenWritten takes the certificate as it was read back.
func (s *Server) tokenWritten(c echo.Context) error {
	var in struct {
		Serial      string `json:"serial"`
		Certificate string `json:"certificate"`
	}
	id, who, err := s.tokenCall(c, &in)
	if err != nil {
		return err
	}
	der, err := bytesOf(in.Certificate)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.ConfirmWritten(c.Request().Context(), who, id, in.Serial, der); err != nil {
		return err
	}
	return s.answerToken(c, id, nil)
}

// tokenProve judges the signature that shows that the token signs.
func (s *Server) tokenProve(c echo.Context) error {
	return s.tokenSigned(c, func(who workflow.Actor, id registry.EnrolmentID, challenge string, cms []byte) error {
		return s.deps.Workflow.ProveToken(c.Request().Context(), who, id, s.sessionMark(c), challenge, cms)
	})
}

// tokenReceive judges the holder's receipt and hands over.
func (s *Server) tokenReceive(c echo.Context) error {
	return s.tokenSigned(c, func(who workflow.Actor, id registry.EnrolmentID, challenge string, cms []byte) error {
		return s.deps.Workflow.HandOverToken(c.Request().Context(), who, id, s.sessionMark(c), challenge, cms)
	})
}

func (s *Server) tokenSigned(c echo.Context, do func(workflow.Actor, registry.EnrolmentID, string, []byte) error) error {
	var in struct {
		Challenge string `json:"challenge"`
		CMS       string `json:"cms"`
	}
	id, who, err := s.tokenCall(c, &in)
	if err != nil {
		return err
	}
	cms, err := base64.StdEncoding.DecodeString(in.CMS)
	if err != nil {
		return registry.Refuse(registry.Invalid, "error.token.malformed")
	}
	if err := do(who, id, in.Challenge, cms); err != nil {
		return err
	}
	return s.answerToken(c, id, nil)
}

// tokenRemoved notes what of ours is no longer on a token.
func (s *Server) tokenRemoved(c echo.Context) error {
	var in struct {
		Serial  string   `json:"serial"`
		Markers []string `json:"markers"`
	}
	id, who, err := s.tokenCall(c, &in)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.NoteRemoved(c.Request().Context(), who, id, in.Serial, in.Markers); err != nil {
		return err
	}
	return s.answerToken(c, id, nil)
}

// tokenCall reads what every step needs.
func (s *Server) tokenCall(c echo.Context, in any) (id registry.EnrolmentID, who workflow.Actor, err error) {
	if id, err = number[registry.EnrolmentID](c, "id"); err != nil {
		return id, who, err
	}
	if err = readJSON(c, in); err != nil {
		return id, who, err
	}
	who, err = s.actor(c)
	return id, who, err
}
