package handlers

import (
	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// documentShapes are the shapes of the documents' states (tg-state).
var documentShapes = map[registry.DocumentStatus]string{
	registry.DocMissing: "none", registry.DocReceived: "act", registry.DocAccepted: "good", registry.DocRejected: "stop", registry.DocWaived: "wait",
}

// documentState is a document's state as a shape and a word.
func (s *Server) documentState(c echo.Context, d registry.DocumentStatus) templates.State {
	return templates.State{Class: documentShapes[d], Word: s.text(c, "status.document."+string(d))}
}
