package agent

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"golang.org/x/time/rate"

	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/internal/token/pkcs11"
)

// calls of docs/agent.md. The request's members are all needed where nothing else
// is said.
var calls = map[string]func(s *Server, origin string, body []byte) (any, error){
	"hello":             takes((*Server).hello),
	"devices":           takes((*Server).devices),
	"certificates":      takes((*Server).certificates),
	"login":             takes((*Server).login),
	"logout":            takes((*Server).logout),
	"changePin":         takes((*Server).changePIN),
	"generateKey":       takes((*Server).generateKey),
	"csr":               takes((*Server).csr),
	"importCertificate": takes((*Server).importCertificate),
	"orphans":           takes((*Server).orphans),
	"deleteKey":         takes((*Server).deleteKey),
	"deleteCertificate": takes((*Server).deleteCertificate),
	"signLogin":         takes((*Server).signLogin),
	"signEnvelope":      takes((*Server).signEnvelope),
}

// takes decodes the request of a call, strictly.
func takes[T any](f func(s *Server, origin string, in T) (any, error)) func(*Server, string, []byte) (any, error) {
	return func(s *Server, origin string, body []byte) (any, error) {
		var in T
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		trimmed := bytes.TrimSpace(body)
		if len(trimmed) == 0 || trimmed[0] != '{' {
			return nil, pkcs11.Refuse(pkcs11.BadParams, "not a JSON object")
		}
		if err := d.Decode(&in); err != nil {
			return nil, pkcs11.Refuse(pkcs11.BadParams, "not the JSON that this call takes")
		}
		if _, err := d.Token(); err != io.EOF {
			return nil, pkcs11.Refuse(pkcs11.BadParams, "something follows the JSON")
		}
		return f(s, origin, in)
	}
}

func needed(members ...string) error {
	for _, m := range members {
		if m == "" {
			return pkcs11.Refuse(pkcs11.BadParams, "a member is missing")
		}
	}
	return nil
}

type nothing struct{}

type hello struct {
	Agent   string `json:"agent"`
	Version string `json:"version"`
	API     int    `json:"api"`
	Library struct {
		State string `json:"state"`
		pkcs11.Library
	} `json:"library"`
}

func (s *Server) hello(string, nothing) (any, error) {
	h := hello{Agent: "tamga-token", Version: s.config.Version, API: 1}
	h.Library.State, h.Library.Library = s.library.State()
	return h, nil
}

func (s *Server) devices(string, nothing) (any, error) {
	var out struct {
		Devices []pkcs11.Device `json:"devices"`
	}
	err := s.library.do(order{Verb: doDevices}, &out.Devices)
	return out, err
}

type onDevice struct {
	Serial string `json:"serial"`
}

func (s *Server) certificates(_ string, in onDevice) (any, error) {
	if err := needed(in.Serial); err != nil {
		return nil, err
	}
	var out struct {
		Certificates []pkcs11.Certificate `json:"certificates"`
	}
	err := s.library.do(order{Verb: doCertificates, Serial: in.Serial}, &out.Certificates)
	return out, err
}

type login struct {
	Serial string `json:"serial"`
	PIN    string `json:"pin"`
}

// mayTry bounds how fast PIN-codes are tried on one token.
func (s *Server) mayTry(serial string) error {
	l := s.logins.rates[serial]
	if l == nil {
		if len(s.logins.rates) > 64 { // serial numbers that somebody makes up
			clear(s.logins.rates)
		}
		l = rate.NewLimiter(loginRate, loginBurst)
		s.logins.rates[serial] = l
	}
	if !l.AllowN(time.Now(), 1) {
		return pkcs11.Refuse(TooManyRequests, "PIN-codes are tried once a second")
	}
	return nil
}

// pulledOut lets a PIN-code be typed at once when the token is in again: a page
// cannot pull it out, and the token goes on counting.
func (s *Server) pulledOut(serial string) {
	s.logins.Lock()
	defer s.logins.Unlock()
	delete(s.logins.rates, serial)
}

func (s *Server) login(origin string, in login) (any, error) {
	if err := needed(in.Serial, in.PIN); err != nil {
		return nil, err
	}
	s.logins.Lock()
	defer s.logins.Unlock()
	if err := s.mayTry(in.Serial); err != nil {
		return nil, err
	}
	if s.sessions.full(in.Serial) {
		return nil, pkcs11.Refuse(TooManySessions, "%d sessions are open", maxSessions)
	}
	var out struct {
		Session string `json:"session"`
		Idle    int    `json:"idle"`
		Factory bool   `json:"factory"`
	}
	err := s.library.do(order{Verb: doLogin, Serial: in.Serial, PIN: in.PIN}, &out.Factory)
	if coded := codeOf(err); coded == Busy {
		return nil, err // the token was not asked: other sessions live on
	}
	s.sessions.end(in.Serial)
	if codeOf(err) == pkcs11.DeviceNotFound {
		delete(s.logins.rates, in.Serial)
	}
	if err != nil {
		return nil, err
	}
	out.Session, out.Idle = s.sessions.begin(origin, in.Serial), int(s.config.Idle/time.Second)
	return out, nil
}

func codeOf(err error) pkcs11.Code {
	if err == nil {
		return ""
	}
	return coded(err).Code
}

type inSession struct {
	Session string `json:"session"`
}

func (s *Server) logout(origin string, in inSession) (any, error) {
	if err := needed(in.Session); err != nil {
		return nil, err
	}
	serial, err := s.sessions.use(origin, in.Session)
	if err != nil {
		return nothing{}, nil
	}
	s.sessions.end(serial)
	return nothing{}, s.library.do(order{Verb: doLogout, Serial: serial}, nil)
}

type changePIN struct {
	Serial string `json:"serial"`
	PIN    string `json:"pin"`
	NewPIN string `json:"newPin"`
}

func (s *Server) changePIN(_ string, in changePIN) (any, error) {
	if err := needed(in.Serial, in.PIN, in.NewPIN); err != nil {
		return nil, err
	}
	s.logins.Lock()
	defer s.logins.Unlock()
	if err := s.mayTry(in.Serial); err != nil {
		return nil, err
	}
	err := s.library.do(order{Verb: doChangePIN, Serial: in.Serial, PIN: in.PIN, NewPIN: in.NewPIN}, nil)
	if codeOf(err) != Busy {
		s.sessions.end(in.Serial)
	}
	return nothing{}, err
}

// do carries out an order in a session.
func (s *Server) do(origin, session string, o order, out any) error {
	if err := needed(session); err != nil {
		return err
	}
	serial, err := s.sessions.use(origin, session)
	if err != nil {
		return err
	}
	o.Serial = serial
	err = s.library.do(o, out)
	switch codeOf(err) {
	case pkcs11.DeviceNotFound:
		s.sessions.end(serial)
		s.pulledOut(serial)
	case pkcs11.NotLoggedIn:
		s.sessions.end(serial)
	default:
		s.sessions.used(session)
	}
	return err
}

type generateKey struct {
	inSession
	Algorithm pkcs11.Algorithm `json:"algorithm"`
	Label     string           `json:"label"` // may be empty
}

func (s *Server) generateKey(origin string, in generateKey) (any, error) {
	if err := needed(string(in.Algorithm)); err != nil {
		return nil, err
	}
	var key pkcs11.Key
	err := s.do(origin, in.Session, order{Verb: doGenerateKey, Algorithm: in.Algorithm, Label: in.Label}, &key)
	return struct {
		ID        string           `json:"keyId"`
		Algorithm pkcs11.Algorithm `json:"algorithm"`
		PublicKey []byte           `json:"publicKey"`
	}{key.ID, key.Algorithm, key.PublicKey}, err
}

type csr struct {
	inSession
	KeyID   string `json:"keyId"`
	Subject []byte `json:"subject"` // may be empty
}

func (s *Server) csr(origin string, in csr) (any, error) {
	if err := needed(in.KeyID); err != nil {
		return nil, err
	}
	var out struct {
		Request []byte `json:"csr"`
	}
	err := s.do(origin, in.Session, order{Verb: doRequest, KeyID: in.KeyID, Bytes: in.Subject}, &out.Request)
	return out, err
}

type importCertificate struct {
	inSession
	Certificate []byte `json:"certificate"`
	Label       string `json:"label"` // may be empty
}

func (s *Server) importCertificate(origin string, in importCertificate) (any, error) {
	var c pkcs11.Certificate
	err := s.do(origin, in.Session, order{Verb: doImport, Bytes: in.Certificate, Label: in.Label}, &c)
	return struct {
		ID    string `json:"id"`
		KeyID string `json:"keyId"`
	}{c.ID, c.KeyID}, err
}

func (s *Server) orphans(origin string, in inSession) (any, error) {
	var out pkcs11.Orphans
	err := s.do(origin, in.Session, order{Verb: doOrphans}, &out)
	return out, err
}

type deleteKey struct {
	inSession
	KeyID string `json:"keyId"`
}

func (s *Server) deleteKey(origin string, in deleteKey) (any, error) {
	if err := needed(in.KeyID); err != nil {
		return nil, err
	}
	var out struct {
		Removed int `json:"removed"`
	}
	err := s.do(origin, in.Session, order{Verb: doDeleteKey, KeyID: in.KeyID}, &out.Removed)
	return out, err
}

type withCertificate struct {
	inSession
	Certificate string `json:"certificate"`
}

func (s *Server) deleteCertificate(origin string, in withCertificate) (any, error) {
	if err := needed(in.Certificate); err != nil {
		return nil, err
	}
	return nothing{}, s.do(origin, in.Session, order{Verb: doDeleteCertificate, Certificate: in.Certificate}, nil)
}

type signed struct {
	CMS []byte `json:"cms"`
}

type signLogin struct {
	withCertificate
	Challenge string `json:"challenge"`
}

// signLogin names the page's own origin, whatever the page says.
func (s *Server) signLogin(origin string, in signLogin) (any, error) {
	if err := needed(in.Certificate, in.Challenge); err != nil {
		return nil, err
	}
	content, err := token.Envelope{Type: token.Login, Origin: origin}.Bytes(in.Challenge)
	if err != nil {
		return nil, pkcs11.Refuse(EnvelopeRefused, "%v", err)
	}
	var out signed
	err = s.do(origin, in.Session, order{Verb: doSign, Certificate: in.Certificate, Bytes: content}, &out.CMS)
	return out, err
}

type signEnvelope struct {
	withCertificate
	Envelope []byte `json:"envelope"`
}

func (s *Server) signEnvelope(origin string, in signEnvelope) (any, error) {
	if err := needed(in.Certificate); err != nil {
		return nil, err
	}
	e, _, err := token.ReadEnvelope(in.Envelope)
	switch {
	case err != nil:
		return nil, pkcs11.Refuse(EnvelopeRefused, "%v", err)
	case e.Type == token.Login:
		return nil, pkcs11.Refuse(EnvelopeRefused, "a login is signed by signLogin")
	case e.Origin != origin:
		return nil, pkcs11.Refuse(EnvelopeRefused, "the envelope names another origin")
	}
	var out signed
	err = s.do(origin, in.Session, order{Verb: doSign, Certificate: in.Certificate, Bytes: in.Envelope}, &out.CMS)
	return out, err
}
