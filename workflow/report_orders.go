package workflow

import (
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// OpenOrdersOf are the open applications that stand on a certificate: they
// renew or reissue it. Whoever works on one is shown what became of it.
func OpenOrdersOf(tx *store.Tx, cert *registry.Certificate) ([]*registry.Application, error) {
	if cert.OrganisationID == 0 {
		return nil, nil
	}
	const looked = 50
	apps, err := tx.ApplicationsOf(cert.OrganisationID, looked)
	if err != nil {
		return nil, err
	}
	var out []*registry.Application
	for _, a := range apps {
		if p := a.Declaration.Predecessor; a.Status.Open() && p != nil && p.Serial == cert.Serial {
			out = append(out, a)
		}
	}
	return out, nil
}
