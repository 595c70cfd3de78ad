package ca

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Reason is a CRLReason of RFC 5280 §5.3.1. CertificateHold is not for step-ca,
// which cannot take a revocation back: suspension stays ours.
type Reason int

const (
	Unspecified          Reason = 0
	KeyCompromise        Reason = 1
	CACompromise         Reason = 2
	AffiliationChanged   Reason = 3
	Superseded           Reason = 4
	CessationOfOperation Reason = 5
	PrivilegeWithdrawn   Reason = 9
)

// Known says whether a reason may be given to Revoke.
func (r Reason) Known() bool {
	switch r {
	case Unspecified, KeyCompromise, CACompromise, AffiliationChanged, Superseded, CessationOfOperation, PrivilegeWithdrawn:
		return true
	}
	return false
}

type revokeRequest struct {
	Serial     string `json:"serial"` // decimal
	OTT        string `json:"ott"`
	ReasonCode int    `json:"reasonCode"`
	Reason     string `json:"reason"`
	Passive    bool   `json:"passive"`
}

// Revoke makes a serial revoked at the CA, for good. Repeating it is success;
// so is a serial that the CA has never signed, which is how the serial of an
// intent that was given up is closed. Errors as Sign's.
func (c *Client) Revoke(ctx context.Context, serial registry.Serial, reason Reason) error {
	if !reason.Known() {
		return fmt.Errorf("revoking serial %s: no reason %d", serial, reason)
	}
	n, err := number(serial)
	if err != nil {
		return fmt.Errorf("revoking: %w", err)
	}
	ott, err := c.token("/revoke", n.String(), nil)
	if err != nil {
		return err
	}
	var done struct{}
	err = c.post(ctx, "/revoke", revokeRequest{Serial: n.String(), OTT: ott, ReasonCode: int(reason), Passive: true}, &done)
	var answer *answerError
	if errors.As(err, &answer) && answer.status == http.StatusBadRequest && strings.Contains(answer.message, "already revoked") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("revoking serial %s: %w", serial, err)
	}
	return nil
}
