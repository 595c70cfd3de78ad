package pkcs11

import (
	"github.com/miekg/pkcs11"
)

// session is an open session, for as long as a call lasts.
type session struct {
	ctx *pkcs11.Ctx
	h   pkcs11.SessionHandle
}

func attr(kind uint, value any) *pkcs11.Attribute { return pkcs11.NewAttribute(kind, value) }

// find lists the objects that match all attributes.
func (s session) find(match ...*pkcs11.Attribute) ([]pkcs11.ObjectHandle, error) {
	if err := s.ctx.FindObjectsInit(s.h, match); err != nil {
		return nil, failed("C_FindObjectsInit", err)
	}
	var all []pkcs11.ObjectHandle
	for {
		found, _, err := s.ctx.FindObjects(s.h, 32)
		if err != nil {
			_ = s.ctx.FindObjectsFinal(s.h)
			return nil, failed("C_FindObjects", err)
		}
		if len(found) == 0 {
			return all, failed("C_FindObjectsFinal", s.ctx.FindObjectsFinal(s.h))
		}
		all = append(all, found...)
	}
}

// get reads attributes, in the order asked.
func (s session) get(o pkcs11.ObjectHandle, kinds ...uint) ([][]byte, error) {
	query := make([]*pkcs11.Attribute, len(kinds))
	for i, kind := range kinds {
		query[i] = attr(kind, nil)
	}
	got, err := s.ctx.GetAttributeValue(s.h, o, query)
	if err != nil {
		return nil, failed("C_GetAttributeValue", err)
	}
	values := make([][]byte, len(kinds))
	for i := range got {
		values[i] = got[i].Value
	}
	return values, nil
}

// number reads a CK_ULONG in this machine's (little-endian) order.
func number(b []byte) (v uint) {
	for i := len(b) - 1; i >= 0; i-- {
		v = v<<8 | uint(b[i])
	}
	return v
}

// destroy removes objects, all that it can; the first error is returned.
func (s session) destroy(objects []pkcs11.ObjectHandle) (removed int, err error) {
	for _, o := range objects {
		if e := s.ctx.DestroyObject(s.h, o); e != nil {
			if err == nil {
				err = failed("C_DestroyObject", e)
			}
			continue
		}
		removed++
	}
	return removed, err
}
