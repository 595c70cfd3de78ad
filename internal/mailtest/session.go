package mailtest

import (
	"crypto/subtle"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one client's connection.
type session struct {
	catcher *Catcher
	conn    *smtp.Conn
	known   bool // logged in
	from    string
	to      []string
}

var _ smtp.AuthSession = (*session)(nil)

var errEncryption = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Must issue a STARTTLS command first"}

func (s *session) encrypted() bool {
	_, ok := s.conn.TLSConnectionState()
	return ok || s.catcher.options.TLS == nil
}

func (s *session) AuthMechanisms() []string {
	if s.catcher.options.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		o := s.catcher.options
		if subtle.ConstantTimeCompare([]byte(user), []byte(o.User))&subtle.ConstantTimeCompare([]byte(password), []byte(o.Password)) == 0 {
			return errors.New("wrong user or password")
		}
		s.known = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.encrypted() {
		return errEncryption
	}
	if s.catcher.options.User != "" && !s.known {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return s.catcher.keep(Message{From: s.from, To: s.to, At: time.Now().UTC(), Raw: raw})
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }
