package ca

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// maxCRL bounds a list that step-ca publishes: some three million entries.
const maxCRL = 128 << 20

// FetchCRL asks step-ca for the list that it signs itself (DER), for an
// installation whose issuing key only step-ca has, and checks whose it is. It
// knows no suspensions.
func (c *Client) FetchCRL(ctx context.Context) ([]byte, *CRLFacts, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/1.0/crl", nil)
	if err != nil {
		return nil, nil, fmt.Errorf("asking the CA for its CRL: %w", err)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, nil, fmt.Errorf("asking the CA for its CRL: %w: %w", ErrUnavailable, withoutURL(err))
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("asking the CA for its CRL: %w: it answered %d; its configuration must enable crl", ErrUnavailable, answer.StatusCode)
	}
	der, err := io.ReadAll(io.LimitReader(answer.Body, maxCRL))
	if err != nil {
		return nil, nil, fmt.Errorf("asking the CA for its CRL: %w: %w", ErrUnavailable, err)
	}
	facts, err := c.issuer.ReadCRL(der)
	if err != nil {
		return nil, nil, fmt.Errorf("asking the CA for its CRL: %w", err)
	}
	return der, facts, nil
}
