package demo

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Report is what DIR/demo.json holds, for whoever scripts against the demo.
type Report struct {
	BaseURL      string        `json:"base_url"`
	People       []Person      `json:"people"`
	Applications []Application `json:"applications"`
	Certificates []Certificate `json:"certificates"`
}

// Person is somebody who has a key; who has a certificate that can be used may
// log in with it.
type Person struct {
	Name string `json:"name"`
	// Role: clerk, approver, auditor, administrator; or HEAD, ACCOUNTANT,
	// HEAD_AS_ACCOUNTANT of an organisation.
	Role string `json:"role"`
	// Login is the way in: "ecloud".
	Login string `json:"login"`
	// Identifier is what the first step of the login asks for: the
	// organisation's INN, or an operator's personal number.
	Identifier string `json:"identifier"`
	// Choice is the answer to "whose key is it": HEAD, ACCOUNTANT, OPERATOR.
	Choice       string `json:"choice"`
	PINCode      string `json:"pin_code"`
	Organisation string `json:"organisation,omitempty"`
	// Certificate is its status: valid, not-yet, expired, suspended, revoked.
	Certificate string `json:"certificate"`
	// Ends is set where it ends soon and waits to be renewed.
	Ends *time.Time `json:"ends,omitempty"`
}

// Application can be looked at with its secret link.
type Application struct {
	Number  string                     `json:"number"`
	Status  registry.ApplicationStatus `json:"status"`
	Storage registry.Storage           `json:"storage"`
	Link    string                     `json:"link"`
}

// Certificate is one of a holder or an operator; there is one of every status.
type Certificate struct {
	Serial string `json:"serial"` // hexadecimal
	Status string `json:"status"` // valid, not-yet, expired, suspended, revoked
	File   string `json:"file"`   // path of its PEM
	Holder string `json:"holder"`
	PEM    []byte `json:"-"`
}
