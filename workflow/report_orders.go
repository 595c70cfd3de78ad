package workflow

import (
	"slices"

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
	// A remote order names the certificate of each who signs it.
	order, err := tx.LiveOrder(cert.ID)
	if registry.KindOf(err) == registry.NotFound {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	if order.Status.Open() && !slices.ContainsFunc(out, func(a *registry.Application) bool { return a.ID == order.ID }) {
		out = append(out, order)
	}
	return out, nil
}

// BatchOrder is an open application that stands on a certificate of a batch.
type BatchOrder struct {
	Application *registry.Application
	Certificate *registry.Certificate
}

// OpenOrdersOfBatch are the open applications that stand on certificates of a
// batch; of those of its organisations at most limit are looked at.
func OpenOrdersOfBatch(tx *store.Tx, id registry.BatchID, limit int) (out []BatchOrder, err error) {
	apps, err := tx.OpenApplicationsBesideBatch(id, limit)
	if err != nil {
		return nil, err
	}
	for _, a := range apps {
		serials, err := standsOn(tx, a)
		if err != nil {
			return nil, err
		}
		for _, serial := range serials {
			cert, err := tx.BatchHolds(id, serial)
			if registry.KindOf(err) == registry.NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, BatchOrder{a, cert})
			break
		}
	}
	return out, nil
}

// standsOn are the certificates that an application renews or reissues.
func standsOn(tx *store.Tx, a *registry.Application) (serials []registry.Serial, err error) {
	if a.Declaration.Channel == registry.Remote {
		order, err := tx.Order(a.ID)
		if err != nil {
			return nil, err
		}
		for _, s := range order.Signatories {
			serials = append(serials, s.Serial)
		}
		return serials, nil
	}
	if p := a.Declaration.Predecessor; p != nil {
		serials = append(serials, p.Serial)
	}
	return serials, nil
}
