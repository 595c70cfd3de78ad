package pkcs11

import (
	"slices"

	"github.com/miekg/pkcs11"
)

// Orphans are what an interrupted enrolment may leave behind, and halves of
// pairs.
type Orphans struct {
	// Keys without a certificate, and halves of pairs.
	Keys []Key `json:"keys"`
	// Certificates of the category "user" without their key.
	Certificates []Certificate `json:"certificates"`
}

// Orphans lists them.
func (m *Module) Orphans(serial string) (Orphans, error) {
	out := Orphans{Keys: []Key{}, Certificates: []Certificate{}}
	err := m.as(serial, func(s session) error {
		keys, err := s.keys()
		if err != nil {
			return err
		}
		certificates, err := s.certificates(keys)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if !used(k, certificates) || !k.Private || !k.Public {
				out.Keys = append(out.Keys, k)
			}
		}
		for _, c := range certificates {
			if c.Category == User && !c.HasKey {
				out.Certificates = append(out.Certificates, c)
			}
		}
		return nil
	})
	return out, err
}

func used(k Key, certificates []Certificate) bool {
	return slices.ContainsFunc(certificates, func(c Certificate) bool {
		return c.KeyID == k.ID && (k.public == nil || equal(k.public, c.x509.PublicKey))
	})
}

// DeleteKey removes both halves of a pair, or the one that is there, and says how
// many they were. A key that has a certificate stays.
func (m *Module) DeleteKey(serial, keyID string) (removed int, err error) {
	id, err := hexID(keyID)
	if err != nil {
		return 0, err
	}
	err = m.as(serial, func(s session) error {
		keys, err := s.keys()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(keys, func(k Key) bool { return k.ID == keyID })
		if i < 0 {
			return Refuse(KeyNotFound, "no key %s", keyID)
		}
		certificates, err := s.certificates(nil)
		if err != nil {
			return err
		}
		if used(keys[i], certificates) {
			return Refuse(KeyInUse, "key %s has a certificate", keyID)
		}
		for _, class := range []uint{pkcs11.CKO_PRIVATE_KEY, pkcs11.CKO_PUBLIC_KEY} {
			objects, err := s.find(attr(pkcs11.CKA_CLASS, class), attr(pkcs11.CKA_ID, id))
			if err != nil {
				return err
			}
			n, err := s.destroy(objects)
			removed += n
			if err != nil {
				return err
			}
		}
		return nil
	})
	return removed, err
}
