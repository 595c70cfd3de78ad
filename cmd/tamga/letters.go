package main

import (
	"os"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// mail is how letters leave, or nil where no mail server is configured.
func (m Mail) mail(render func(workflow.Letter) (string, string, error)) (*workflow.Mail, error) {
	if m.SMTP == "" {
		return nil, nil
	}
	out := &workflow.Mail{Address: m.SMTP, From: m.MailFrom, User: m.SMTPUser, Security: m.SMTPSecurity, Render: render}
	if m.SMTPPasswordFile != "" {
		b, err := os.ReadFile(m.SMTPPasswordFile)
		if err != nil {
			return nil, wrong("smtp-password-file", "%v", err)
		}
		out.Password = strings.TrimRight(string(b), "\r\n")
	}
	return out, nil
}

// letters writes letters with the catalogs' words.
func (i *installation) letters(words *templates.Catalog, baseURL string) func(workflow.Letter) (subject, body string, err error) {
	return func(l workflow.Letter) (subject, body string, err error) {
		lang := string(l.Language)
		args := map[string]any{
			"url": baseURL, "name": "", "number": "", "remark": "–", "phones": i.phones(), "authority": i.pack.Authority.Name.In(l.Language),
			"org": i.pack.Authority.Name.In(l.Language),
		}
		if args["prepare"], err = i.prepare(words, lang); err != nil {
			return "", "", err
		}
		for name, value := range l.Args {
			if value != "" {
				args[name] = inWords(words, lang, name, value)
			}
		}
		pairs := make([]any, 0, 2*len(args))
		for name, value := range args {
			pairs = append(pairs, name, value)
		}
		if subject, err = words.Text(lang, "letter."+l.Kind+".subject", pairs...); err != nil {
			return "", "", err
		}
		if body, err = words.Text(lang, "letter."+l.Kind+".body", pairs...); err != nil {
			return "", "", err
		}
		foot, err := words.Text(lang, "letter.foot", pairs...)
		return subject, body + "\n\n-- \n" + foot + "\n", err
	}
}

// inWords writes a letter's argument for people: instants, serials, sums and
// codes, as they come back from JSON.
func inWords(words *templates.Catalog, lang, name string, value any) any {
	switch name {
	case "not_before", "not_after", "submitted_at", "prepare_by", "sign_by", "old_not_after", "new_not_before", "lapse_at", "revoked_at", "reported_at", "due_at":
		if s, ok := value.(string); ok {
			if t, err := time.Parse(time.RFC3339, s); err == nil {
				return templates.DateTime(t)
			}
		}
	case "serial":
		return templates.Hex(value)
	case "n":
		if n, ok := value.(float64); ok {
			return int(n)
		}
	case "fee", "balance", "missing":
		if n, ok := value.(float64); ok {
			return templates.Money(lang, registry.Tyiyn(n))
		}
	case "storage":
		if s, ok := value.(string); ok {
			if text, err := words.Text(lang, "storage."+s); err == nil {
				return text
			}
		}
	}
	return value
}

// prepare says how long an order may take (DT-20, A-09).
func (i *installation) prepare(words *templates.Catalog, lang string) (string, error) {
	if days := i.pack.PrepareDays(); days > 0 {
		return words.Text(lang, "letter.reminder.prepare", "n", days)
	}
	return words.Text(lang, "letter.reminder.prepare_time")
}

func (i *installation) phones() string { return strings.Join(i.pack.Authority.Phones, ", ") }

// receipt is what a holder confirms at the first login with a certificate.
func receipt(words *templates.Catalog) func(registry.Language, *registry.Certificate) string {
	return func(l registry.Language, c *registry.Certificate) string {
		text, err := words.Text(string(l), "receipt.text", "serial", templates.Hex(c.Serial), "holder", c.HolderName,
			"from", templates.DateTime(c.NotBefore), "to", templates.DateTime(c.NotAfter))
		if err != nil {
			return string(c.Serial)
		}
		return text
	}
}
