package handlers

import (
	"archive/zip"
	"bytes"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// orderEvidence sends a signed order as a file of files: what was signed, the
// signatures, the certificates, and how anybody verifies them without us.
func (s *Server) orderEvidence(c echo.Context) error {
	var app *registry.Application
	var order *registry.Order
	err := s.read(c, func(tx *store.Tx) (err error) {
		app, order, err = ownOrder(c, tx)
		return err
	})
	if err != nil {
		return err
	}
	proofs, err := s.deps.Workflow.VerifyOrder(c.Request().Context(), app.ID)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name string, body []byte, at time.Time) {
		if err != nil {
			return
		}
		w, werr := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC()})
		if err = werr; err == nil {
			_, err = w.Write(body)
		}
	}
	issuer, read := s.deps.Workflow.Chain(), []string{}
	for _, p := range proofs {
		name := strings.ToLower(strings.ReplaceAll(string(p.Role), "_", "-"))
		add(name+".envelope.json", p.Envelope, p.CreatedAt)
		add(name+".p7m", p.Signature, p.CreatedAt)
		add(name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate.DER}), p.CreatedAt)
		verdict := s.text(c, "order.proof_good")
		if refused := refusalOf(p.Fault); refused != nil {
			verdict = s.sentence(c, refused)
		} else if p.Fault != nil {
			return p.Fault
		}
		read = append(read, s.text(c, "order.readme_signature", "name", p.Certificate.HolderName, "date", templates.DateTime(p.CreatedAt), "file", name+".p7m", "verdict", verdict)+
			"\n    openssl cms -verify -inform DER -in "+name+".p7m -CAfile chain.pem -purpose any -attime "+fmt.Sprint(p.CreatedAt.Unix())+" -out "+name+".verified.json")
	}
	add("content.json", order.Content, app.CreatedAt)
	add("chain.pem", issuer, app.CreatedAt)
	add("README.txt", []byte(s.text(c, "order.readme", "number", app.Number, "sha256", order.ContentSHA256)+"\n\n"+strings.Join(read, "\n\n")+"\n"), app.CreatedAt)
	if err != nil {
		return fmt.Errorf("packing order %s: %w", app.Number, err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("packing order %s: %w", app.Number, err)
	}
	return sendFile(c, "order-"+app.Number+".zip", zipType, b.Bytes())
}
