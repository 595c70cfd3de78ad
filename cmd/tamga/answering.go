package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/secrets"
	"github.com/tamga-ca/tamga/workflow"
)

// openAnswering opens the keys that sign answers to relying parties: OCSP's own
// and, for the CRL, the issuing CA's. Embedded, that is the file beside the CA;
// of an external CA it is what the settings name, or nothing: then step-ca's
// own list is served.
func (i *installation) openAnswering(ctx context.Context) (*workflow.Answering, error) {
	out := new(workflow.Answering)
	switch {
	case i.place.OCSPKMS != "":
		key, err := ca.OpenKey(ctx, i.place.OCSPKMS)
		if err != nil {
			return nil, wrong("ocsp-kms", "%v", err)
		}
		out.Key, out.KeyID = key, "kms"
	default:
		key, err := i.secrets.Current(secrets.OCSP)
		if err != nil {
			return nil, err
		}
		if out.Key, err = key.Signer(); err != nil {
			return nil, fmt.Errorf("the key %s in %s: %w", key.ID, i.place.SecretsDir, err)
		}
		out.KeyID = key.ID
	}
	var err error
	switch {
	case i.place.CRLKMS != "":
		if out.CRLKey, err = ca.OpenKey(ctx, i.place.CRLKMS); err != nil {
			return nil, wrong("crl-kms", "%v", err)
		}
	case i.embedded != nil:
		if out.CRLKey, err = i.place.layout().IssuingSigner(); err != nil {
			return nil, err
		}
	default:
		return out, nil
	}
	if _, err := i.issuer.NewCRLSigner(out.CRLKey); err != nil {
		return nil, wrong("crl-kms", "%v", err)
	}
	return out, nil
}

// tellOfCRL says at start what an installation cannot do whose issuing key only
// step-ca has.
func (i *installation) tellOfCRL() {
	if i.config.Answering.CRLKey == nil {
		slog.Warn("the CRL is step-ca's own: it tells of revocations when step-ca knows of them, and suspension is not offered",
			"remedy", "let the server use the issuing key: "+variable("crl-kms"))
	}
}
