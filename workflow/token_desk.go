package workflow

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// TokenStep is what has to be done next to get a certificate onto a token.
type TokenStep string

const (
	TokenDevice  TokenStep = "device"  // choose the token
	TokenKey     TokenStep = "key"     // have it make the key, and a request with it
	TokenIssue   TokenStep = "issue"   // wait: the certificate is being issued
	TokenWrite   TokenStep = "write"   // write the certificate and read it back
	TokenProve   TokenStep = "prove"   // have the token sign, to see that it can
	TokenReceive TokenStep = "receive" // the holder signs the receipt
	TokenDone    TokenStep = "done"
	TokenStopped TokenStep = "stopped" // failed or cancelled: an approver decides
)

// TokenDesk is how far the making of one certificate on a token has come.
// Whatever is repeated, it says where things stand.
type TokenDesk struct {
	Enrolment   *registry.Enrolment
	Step        TokenStep
	Key         *registry.TokenKey // nil: none was begun
	Token       *registry.Token    // of Key
	Certificate *registry.Certificate
	// Algorithms of keys that the authority takes, the preferred first.
	Algorithms []registry.KeyAlgorithm
	// Operators are the serial numbers of employees' tokens.
	Operators []string
	// Found is what the device just looked at carries, and Remove what of it is
	// ours and was given up; nothing else may be removed.
	Found  []FoundCertificate
	Remove TokenLeftovers
}

// FoundCertificate is a certificate that lies on a token.
type FoundCertificate struct {
	SHA256      string
	Subject     string                // common name
	Certificate *registry.Certificate // nil: not ours
}

// TokenLeftovers names what is to be removed from a token.
type TokenLeftovers struct {
	Markers      []string // of key pairs
	Certificates []string // SHA-256 fingerprints, hex
}

// TokenDesk reads where an enrolment on a token stands.
func (f *Flow) TokenDesk(tx *store.Tx, id registry.EnrolmentID) (*TokenDesk, error) {
	e, err := tx.Enrolment(id)
	if err != nil {
		return nil, err
	}
	s, err := f.subjectOf(tx, e)
	if err != nil {
		return nil, err
	}
	if err := f.forToken(tx, e, s); err != nil {
		return nil, err
	}
	d := &TokenDesk{Enrolment: e, Algorithms: f.pack.Tokens.Algorithms}
	if d.Key, err = tx.TokenKeyOfEnrolment(id); err != nil {
		return nil, err
	}
	if d.Key != nil {
		if d.Token, err = tx.TokenByID(d.Key.TokenID); err != nil {
			return nil, err
		}
	}
	d.Certificate, err = tx.CertificateOfEnrolment(id)
	if err != nil && registry.KindOf(err) != registry.NotFound {
		return nil, err
	}
	d.Step = tokenStep(e, d.Key)
	d.Operators, err = tx.OperatorTokens()
	return d, err
}

func tokenStep(e *registry.Enrolment, k *registry.TokenKey) TokenStep {
	switch e.Status {
	case registry.HandedOver:
		return TokenDone
	case registry.KeyMade, registry.Issuing:
		return TokenIssue
	case registry.AwaitingKey:
		if k == nil {
			return TokenDevice
		}
		return TokenKey
	case registry.Issued:
		if k == nil {
			return TokenStopped
		}
		switch k.Status {
		case registry.KeyRequested:
			return TokenWrite
		case registry.KeyWritten:
			return TokenProve
		case registry.KeyProven:
			return TokenReceive
		}
	}
	return TokenStopped
}

// forToken refuses an enrolment whose key is not to be made on a token. An
// operator's may be, as long as the E-Cloud keeps none for it.
func (f *Flow) forToken(tx *store.Tx, e *registry.Enrolment, s *subject) error {
	if s.operator != nil {
		key, err := tx.CloudKeyOfEnrolment(e.ID)
		if err != nil || key == nil {
			return err
		}
	} else if s.storage() == registry.Rutoken {
		return nil
	}
	return registry.Refuse(registry.Conflict, "error.token.not_token")
}

// atDesk locks an enrolment whose key is made on a token, for the clerk at whose
// desk it happens (an administrator for an operator's), who is not the holder.
func (f *Flow) atDesk(tx *store.Tx, who Actor, id registry.EnrolmentID) (*registry.Enrolment, *subject, error) {
	e, err := lockEnrolment(tx, id)
	if err != nil {
		return nil, nil, err
	}
	s, err := f.subjectOf(tx, e)
	if err != nil {
		return nil, nil, err
	}
	if err := f.forToken(tx, e, s); err != nil {
		return nil, nil, err
	}
	if err := who.mayStart(tx, s.profile()); err != nil {
		return nil, nil, err
	}
	if s.person.PersonalNumber == who.Operator.Person.PersonalNumber {
		return nil, nil, registry.Refuse(registry.Forbidden, "error.token.own")
	}
	return e, s, nil
}

// liveKey is the key that an enrolment is about now, which has to be on the
// token with this serial number.
func (f *Flow) liveKey(tx *store.Tx, e *registry.Enrolment, serial string) (*registry.TokenKey, error) {
	key, err := tx.TokenKeyOfEnrolment(e.ID)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	if key.Serial != serial {
		return nil, registry.Refuse(registry.Conflict, "error.token.another", "serial", key.Serial)
	}
	return key, nil
}

// moveTokenKey performs one move of the table of moves of keys on tokens.
func (f *Flow) moveTokenKey(tx *store.Tx, k *registry.TokenKey, to registry.TokenKeyStatus) error {
	from := k.Status
	if err := registry.MoveTokenKey(from, to); err != nil {
		return err
	}
	k.Status = to
	return tx.MoveTokenKey(k, from, f.now())
}

// dropTokenKey gives up the key of an enrolment, if there is one: where it is
// found on its token it is to be removed.
func (f *Flow) dropTokenKey(tx *store.Tx, who Actor, e *registry.Enrolment, why string) error {
	key, err := tx.TokenKeyOfEnrolment(e.ID)
	if err != nil || key == nil {
		return err
	}
	if err := f.moveTokenKey(tx, key, registry.KeyDropped); err != nil {
		return err
	}
	return f.record(tx, who, "token.key_dropped", map[string]any{"token": key.Serial, "marker": key.Marker, "why": why}, nil, aboutEnrolment(e)...)
}

// leftovers names what of ours lies on a token and was given up.
func (f *Flow) leftovers(tx *store.Tx, id registry.TokenID, found []FoundCertificate) (TokenLeftovers, error) {
	var out TokenLeftovers
	keys, err := tx.TokenKeysOn(id)
	if err != nil {
		return out, err
	}
	for _, k := range keys {
		if k.Status == registry.KeyBegun {
			e, err := tx.Enrolment(k.EnrolmentID)
			if err != nil {
				return out, err
			}
			if e.Status == registry.AwaitingKey {
				continue
			}
		} else if k.Status != registry.KeyDropped {
			continue
		}
		out.Markers = append(out.Markers, k.Marker)
		for _, c := range found {
			if c.Certificate != nil && k.PublicKeyHash != "" && c.Certificate.PublicKeyHash == k.PublicKeyHash {
				out.Certificates = append(out.Certificates, c.SHA256)
			}
		}
	}
	return out, nil
}

// foundOn reads the certificates that lie on a token; what does not parse is
// somebody else's and left alone.
func foundOn(tx *store.Tx, ders [][]byte) ([]FoundCertificate, error) {
	var out []FoundCertificate
	var sums []string
	for _, der := range ders {
		sum := sha256.Sum256(der)
		c := FoundCertificate{SHA256: hex.EncodeToString(sum[:])}
		if parsed, err := x509.ParseCertificate(der); err == nil {
			c.Subject = parsed.Subject.CommonName
		}
		out, sums = append(out, c), append(sums, c.SHA256)
	}
	ours, err := tx.CertificatesWith(sums)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if at := slices.IndexFunc(ours, func(c *registry.Certificate) bool { return c.SHA256 == out[i].SHA256 }); at >= 0 {
			out[i].Certificate = ours[at]
		}
	}
	return out, nil
}
