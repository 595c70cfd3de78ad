package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Mail is how letters leave.
type Mail struct {
	// Address of the SMTP server, host:port.
	Address string
	// From is the sender, "Name <address>" or an address.
	From string
	// User and Password for PLAIN login, over TLS only. Optional.
	User, Password string
	// Security is "starttls" (the default), "tls", or "none" for a server on
	// this machine.
	Security string
	// Render writes a letter in its language.
	Render func(Letter) (subject, body string, err error)
}

const (
	mailBatch   = 20
	mailTimeout = 20 * time.Second
	// mailTries before a letter is dead: the waits between them are 10 s,
	// doubling to an hour, some five hours in all.
	mailTries = 14
	mailLease = time.Minute
)

// errObsolete: the letter carries a code that is not wanted any more.
var errObsolete = errors.New("no longer wanted")

// SendLetters sends at most n letters that are due and returns how many it
// took up. A letter is sent at least once: where it is unknown whether it left,
// again.
func (f *Flow) SendLetters(ctx context.Context, n int) (int, error) {
	if f.mail == nil {
		return 0, nil
	}
	var items []store.OutboxItem
	err := f.store.Write(ctx, func(tx *store.Tx) (err error) {
		items, err = tx.LeaseOutbox(n, f.machine(), mailLease)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("taking up letters: %w", err)
	}
	each(items, 4, func(item store.OutboxItem) { f.sendItem(ctx, item) })
	return len(items), nil
}

func (f *Flow) sendItem(ctx context.Context, item store.OutboxItem) {
	err := f.sendLetter(ctx, item)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	stored := f.store.Write(ctx, func(tx *store.Tx) error {
		if err == nil || errors.Is(err, errObsolete) {
			return tx.OutboxSent(item, f.machine())
		}
		dead := item.Attempt >= mailTries || permanent(err) && item.Attempt >= 3
		wait := min(time.Hour, 10*time.Second<<min(item.Attempt-1, 10))
		f.log.Warn("sending a letter", "letter", item.ID, "attempt", item.Attempt, "dead", dead, "err", err)
		return tx.OutboxFailed(item, err.Error(), f.machine().Add(wait), dead)
	})
	if stored != nil && !beaten(stored) {
		f.log.Error("sending a letter", "letter", item.ID, "err", stored)
	}
}

// permanent says that the server refused for good (RFC 5321 §4.2.1: 5yz).
func permanent(err error) bool {
	var e *mail.SendError
	return errors.As(err, &e) && !e.IsTemp()
}

func (f *Flow) sendLetter(ctx context.Context, item store.OutboxItem) error {
	var l Letter
	if err := json.Unmarshal([]byte(item.Payload), &l); err != nil {
		return fmt.Errorf("reading a letter: %w", err)
	}
	if err := f.putCode(ctx, &l); err != nil {
		return err
	}
	subject, body, err := f.mail.Render(l)
	if err != nil {
		return fmt.Errorf("writing a letter: %w", err)
	}
	m := mail.NewMsg()
	if err := errors.Join(m.From(f.mail.From), m.To(l.To)); err != nil {
		return fmt.Errorf("addressing a letter: %w", err)
	}
	m.Subject(subject)
	m.SetBodyString(mail.TypeTextPlain, body)
	m.SetGenHeader("Content-Language", string(l.Language))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	client, err := f.mail.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	return client.DialAndSendWithContext(ctx, m)
}

func (m *Mail) client() (*mail.Client, error) {
	host, port, err := net.SplitHostPort(m.Address)
	if err != nil {
		return nil, fmt.Errorf("address of the mail server: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("address of the mail server: %w", err)
	}
	options := []mail.Option{mail.WithPort(n), mail.WithTimeout(mailTimeout)}
	switch m.Security {
	case "", "starttls":
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case "tls":
		options = append(options, mail.WithSSL())
	case "none":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("mail server: no security %q", m.Security)
	}
	if m.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername(m.User), mail.WithPassword(m.Password))
	}
	c, err := mail.NewClient(host, options...)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	return c, nil
}

// RetryLetter sends a dead letter again, by an administrator.
func (f *Flow) RetryLetter(ctx context.Context, who Actor, id int64) error {
	if err := who.is(registry.Administrator); err != nil {
		return err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		if err := tx.ReviveOutbox(id, f.machine()); err != nil {
			return err
		}
		return f.record(tx, who, "letter.retried", map[string]any{"letter": id}, nil)
	})
	if err != nil {
		return fmt.Errorf("sending letter %d again: %w", id, err)
	}
	return nil
}
